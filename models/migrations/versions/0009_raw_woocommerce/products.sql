-- Raw tables of the WooCommerce source: the catalogue.
create table raw_woocommerce.products (
    merchant_id text not null,
    store_id text not null,
    product_id text not null,
    name text,
    slug text,
    permalink text,
    type text,
    date_created_gmt timestamp with time zone,
    date_modified_gmt timestamp with time zone,
    featured boolean,
    catalog_visibility text,
    parent_id text,
    status text,
    sku text,
    global_unique_id text,
    price numeric(18, 4),
    regular_price numeric(18, 4),
    sale_price numeric(18, 4),
    date_on_sale_from_gmt timestamp with time zone,
    date_on_sale_to_gmt timestamp with time zone,
    virtual boolean,
    downloadable boolean,
    tax_status text,
    tax_class text,
    stock_quantity numeric(18, 4),
    stock_status text,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint products_pkey primary key (merchant_id, store_id, product_id)
);

comment on table raw_woocommerce.products is 'One record per product, drafts and what lies in the trash included.';
comment on column raw_woocommerce.products.merchant_id is 'The tenant.';
comment on column raw_woocommerce.products.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_woocommerce.products.product_id is 'WooCommerce''s product id.';
comment on column raw_woocommerce.products.name is 'Its name.';
comment on column raw_woocommerce.products.slug is 'Its name in addresses.';
comment on column raw_woocommerce.products.permalink is 'Its page.';
comment on column raw_woocommerce.products.type is 'simple, variable, grouped, external, or a plugin''s.';
comment on column raw_woocommerce.products.date_created_gmt is 'When it was made.';
comment on column raw_woocommerce.products.date_modified_gmt is 'When it was last changed.';
comment on column raw_woocommerce.products.featured is 'Whether the shop features it.';
comment on column raw_woocommerce.products.catalog_visibility is 'visible, catalog, search or hidden.';
comment on column raw_woocommerce.products.parent_id is 'The product that it belongs to; 0 for none.';
comment on column raw_woocommerce.products.status is 'publish, private, draft, pending, future or trash.';
comment on column raw_woocommerce.products.sku is 'The shop''s own code.';
comment on column raw_woocommerce.products.global_unique_id is 'GTIN, UPC, EAN or ISBN.';
comment on column raw_woocommerce.products.price is 'The price in force; null where there is none.';
comment on column raw_woocommerce.products.regular_price is 'The price without a sale.';
comment on column raw_woocommerce.products.sale_price is 'The price of a sale.';
comment on column raw_woocommerce.products.date_on_sale_from_gmt is 'When the sale begins.';
comment on column raw_woocommerce.products.date_on_sale_to_gmt is 'When the sale ends.';
comment on column raw_woocommerce.products.virtual is 'Whether nothing is shipped.';
comment on column raw_woocommerce.products.downloadable is 'Whether it is a download.';
comment on column raw_woocommerce.products.tax_status is 'taxable, shipping or none.';
comment on column raw_woocommerce.products.tax_class is 'The class of tax; empty for the standard one.';
comment on column raw_woocommerce.products.stock_quantity is 'Stock; null where it is not managed.';
comment on column raw_woocommerce.products.stock_status is 'instock, outofstock or onbackorder.';
comment on column raw_woocommerce.products.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_woocommerce.products.content_hash is 'Digest of the record''s own columns.';
comment on column raw_woocommerce.products.batch_id is 'The archived batch that this version came with.';
comment on column raw_woocommerce.products.loaded_at is 'When this version of the record was landed.';
comment on column raw_woocommerce.products.is_deleted is 'Gone at the source.';

create table raw_woocommerce.product_variants (
    merchant_id text not null,
    store_id text not null,
    product_id text not null,
    variation_id text not null,
    name text,
    permalink text,
    date_created_gmt timestamp with time zone,
    date_modified_gmt timestamp with time zone,
    status text,
    sku text,
    global_unique_id text,
    price numeric(18, 4),
    regular_price numeric(18, 4),
    sale_price numeric(18, 4),
    date_on_sale_from_gmt timestamp with time zone,
    date_on_sale_to_gmt timestamp with time zone,
    virtual boolean,
    downloadable boolean,
    tax_status text,
    tax_class text,
    stock_quantity numeric(18, 4),
    stock_status text,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint product_variants_pkey primary key (merchant_id, store_id, product_id, variation_id)
);

comment on table raw_woocommerce.product_variants is 'One record per variation of a variable product.';
comment on column raw_woocommerce.product_variants.merchant_id is 'The tenant.';
comment on column raw_woocommerce.product_variants.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_woocommerce.product_variants.product_id is 'The product.';
comment on column raw_woocommerce.product_variants.variation_id is 'WooCommerce''s id of the variation.';
comment on column raw_woocommerce.product_variants.name is 'What tells it from the others, such as S, Blue.';
comment on column raw_woocommerce.product_variants.permalink is 'Its page.';
comment on column raw_woocommerce.product_variants.date_created_gmt is 'When it was made.';
comment on column raw_woocommerce.product_variants.date_modified_gmt is 'When it was last changed.';
comment on column raw_woocommerce.product_variants.status is 'publish, private, draft, pending, future or trash.';
comment on column raw_woocommerce.product_variants.sku is 'The shop''s own code.';
comment on column raw_woocommerce.product_variants.global_unique_id is 'GTIN, UPC, EAN or ISBN.';
comment on column raw_woocommerce.product_variants.price is 'The price in force; null where there is none.';
comment on column raw_woocommerce.product_variants.regular_price is 'The price without a sale.';
comment on column raw_woocommerce.product_variants.sale_price is 'The price of a sale.';
comment on column raw_woocommerce.product_variants.date_on_sale_from_gmt is 'When the sale begins.';
comment on column raw_woocommerce.product_variants.date_on_sale_to_gmt is 'When the sale ends.';
comment on column raw_woocommerce.product_variants.virtual is 'Whether nothing is shipped.';
comment on column raw_woocommerce.product_variants.downloadable is 'Whether it is a download.';
comment on column raw_woocommerce.product_variants.tax_status is 'taxable, shipping or none.';
comment on column raw_woocommerce.product_variants.tax_class is 'The class of tax; empty for the standard one.';
comment on column raw_woocommerce.product_variants.stock_quantity is 'Stock; null where it is not managed.';
comment on column raw_woocommerce.product_variants.stock_status is 'instock, outofstock or onbackorder.';
comment on column raw_woocommerce.product_variants.source_updated_at is
'When the source last changed it, where it says.';
comment on column raw_woocommerce.product_variants.content_hash is 'Digest of the record''s own columns.';
comment on column raw_woocommerce.product_variants.batch_id is 'The archived batch that this version came with.';
comment on column raw_woocommerce.product_variants.loaded_at is 'When this version of the record was landed.';
comment on column raw_woocommerce.product_variants.is_deleted is 'Gone at the source.';

create table raw_woocommerce.product_categories (
    merchant_id text not null,
    store_id text not null,
    category_id text not null,
    name text,
    slug text,
    parent text,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint product_categories_pkey primary key (merchant_id, store_id, category_id)
);

comment on table raw_woocommerce.product_categories is 'One record per category of products.';
comment on column raw_woocommerce.product_categories.merchant_id is 'The tenant.';
comment on column raw_woocommerce.product_categories.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_woocommerce.product_categories.category_id is 'WooCommerce''s category id.';
comment on column raw_woocommerce.product_categories.name is 'Its name.';
comment on column raw_woocommerce.product_categories.slug is 'Its name in addresses.';
comment on column raw_woocommerce.product_categories.parent is 'The category above it; 0 for none.';
comment on column raw_woocommerce.product_categories.source_updated_at is
'When the source last changed it, where it says.';
comment on column raw_woocommerce.product_categories.content_hash is 'Digest of the record''s own columns.';
comment on column raw_woocommerce.product_categories.batch_id is 'The archived batch that this version came with.';
comment on column raw_woocommerce.product_categories.loaded_at is 'When this version of the record was landed.';
comment on column raw_woocommerce.product_categories.is_deleted is 'Gone at the source.';

create table raw_woocommerce.product_category_links (
    merchant_id text not null,
    store_id text not null,
    product_id text not null,
    category_id text not null,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint product_category_links_pkey primary key (merchant_id, store_id, product_id, category_id)
);

comment on table raw_woocommerce.product_category_links is 'One record per category that a product is in.';
comment on column raw_woocommerce.product_category_links.merchant_id is 'The tenant.';
comment on column raw_woocommerce.product_category_links.store_id is
'The merchant''s store that the record belongs to.';
comment on column raw_woocommerce.product_category_links.product_id is 'The product.';
comment on column raw_woocommerce.product_category_links.category_id is 'The category.';
comment on column raw_woocommerce.product_category_links.source_updated_at is
'When the source last changed it, where it says.';
comment on column raw_woocommerce.product_category_links.content_hash is 'Digest of the record''s own columns.';
comment on column raw_woocommerce.product_category_links.batch_id is 'The archived batch that this version came with.';
comment on column raw_woocommerce.product_category_links.loaded_at is 'When this version of the record was landed.';
comment on column raw_woocommerce.product_category_links.is_deleted is 'Gone at the source.';
