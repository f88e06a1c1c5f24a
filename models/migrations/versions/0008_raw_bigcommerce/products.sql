-- Raw tables of the BigCommerce source: the catalogue.
create table raw_bigcommerce.products (
    merchant_id text not null,
    store_id text not null,
    product_id text not null,
    name text not null,
    type text,
    sku text,
    upc text,
    mpn text,
    gtin text,
    brand_id text,
    brand_name text,
    price numeric(18, 4),
    sale_price numeric(18, 4),
    retail_price numeric(18, 4),
    calculated_price numeric(18, 4),
    cost_price numeric(18, 4),
    tax_class_id text,
    inventory_tracking text,
    inventory_level bigint,
    total_sold bigint,
    availability text,
    condition text,
    is_visible boolean,
    is_featured boolean,
    base_variant_id text,
    custom_url text,
    date_created timestamp with time zone,
    date_modified timestamp with time zone not null,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint products_pkey primary key (merchant_id, store_id, product_id)
);

comment on table raw_bigcommerce.products is 'One record per product of the catalogue.';
comment on column raw_bigcommerce.products.merchant_id is 'The tenant.';
comment on column raw_bigcommerce.products.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_bigcommerce.products.product_id is 'The product''s id.';
comment on column raw_bigcommerce.products.name is 'Its name.';
comment on column raw_bigcommerce.products.type is 'physical or digital.';
comment on column raw_bigcommerce.products.sku is 'Its code.';
comment on column raw_bigcommerce.products.upc is 'Its barcode.';
comment on column raw_bigcommerce.products.mpn is 'Its maker''s number.';
comment on column raw_bigcommerce.products.gtin is 'Its global trade item number.';
comment on column raw_bigcommerce.products.brand_id is 'Its brand; 0 for none.';
comment on column raw_bigcommerce.products.brand_name is 'The brand''s name.';
comment on column raw_bigcommerce.products.price is 'Its price, in the store''s currency.';
comment on column raw_bigcommerce.products.sale_price is 'Its price on sale; 0 for none.';
comment on column raw_bigcommerce.products.retail_price is 'Its price elsewhere; 0 for none.';
comment on column raw_bigcommerce.products.calculated_price is 'What is charged for it.';
comment on column raw_bigcommerce.products.cost_price is 'What it costs the merchant.';
comment on column raw_bigcommerce.products.tax_class_id is 'Its tax class.';
comment on column raw_bigcommerce.products.inventory_tracking is 'none, product or variant.';
comment on column raw_bigcommerce.products.inventory_level is 'How many are in stock.';
comment on column raw_bigcommerce.products.total_sold is 'How many were ever sold, as the platform counts.';
comment on column raw_bigcommerce.products.availability is 'available, disabled or preorder.';
comment on column raw_bigcommerce.products.condition is 'New, Used or Refurbished.';
comment on column raw_bigcommerce.products.is_visible is 'Whether buyers see it.';
comment on column raw_bigcommerce.products.is_featured is 'Whether it is shown first.';
comment on column raw_bigcommerce.products.base_variant_id is 'The only variant of a product without options.';
comment on column raw_bigcommerce.products.custom_url is 'Its path in the shop.';
comment on column raw_bigcommerce.products.date_created is 'When it was made, in UTC.';
comment on column raw_bigcommerce.products.date_modified is 'When it was last changed, in UTC.';
comment on column raw_bigcommerce.products.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_bigcommerce.products.content_hash is 'Digest of the record''s own columns.';
comment on column raw_bigcommerce.products.batch_id is 'The archived batch that this version came with.';
comment on column raw_bigcommerce.products.loaded_at is 'When this version of the record was landed.';
comment on column raw_bigcommerce.products.is_deleted is 'Gone at the source.';

create table raw_bigcommerce.product_variants (
    merchant_id text not null,
    store_id text not null,
    variant_id text not null,
    product_id text not null,
    sku text,
    upc text,
    mpn text,
    gtin text,
    options text,
    price numeric(18, 4),
    sale_price numeric(18, 4),
    retail_price numeric(18, 4),
    calculated_price numeric(18, 4),
    cost_price numeric(18, 4),
    inventory_level bigint,
    purchasing_disabled boolean,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint product_variants_pkey primary key (merchant_id, store_id, product_id, variant_id)
);

comment on table raw_bigcommerce.product_variants is
'One record per variant of a product; a product without options has one.';
comment on column raw_bigcommerce.product_variants.merchant_id is 'The tenant.';
comment on column raw_bigcommerce.product_variants.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_bigcommerce.product_variants.variant_id is 'The variant''s id.';
comment on column raw_bigcommerce.product_variants.product_id is 'The product.';
comment on column raw_bigcommerce.product_variants.sku is 'Its code.';
comment on column raw_bigcommerce.product_variants.upc is 'Its barcode.';
comment on column raw_bigcommerce.product_variants.mpn is 'Its maker''s number.';
comment on column raw_bigcommerce.product_variants.gtin is 'Its global trade item number.';
comment on column raw_bigcommerce.product_variants.options is 'What tells it apart, such as Size: M, Colour: Red.';
comment on column raw_bigcommerce.product_variants.price is 'Its own price; null where the product''s holds.';
comment on column raw_bigcommerce.product_variants.sale_price is 'Its own price on sale.';
comment on column raw_bigcommerce.product_variants.retail_price is 'Its own price elsewhere.';
comment on column raw_bigcommerce.product_variants.calculated_price is 'What is charged for it.';
comment on column raw_bigcommerce.product_variants.cost_price is 'What it costs the merchant.';
comment on column raw_bigcommerce.product_variants.inventory_level is 'How many are in stock.';
comment on column raw_bigcommerce.product_variants.purchasing_disabled is 'Whether it cannot be bought.';
comment on column raw_bigcommerce.product_variants.source_updated_at is
'When the source last changed it, where it says.';
comment on column raw_bigcommerce.product_variants.content_hash is 'Digest of the record''s own columns.';
comment on column raw_bigcommerce.product_variants.batch_id is 'The archived batch that this version came with.';
comment on column raw_bigcommerce.product_variants.loaded_at is 'When this version of the record was landed.';
comment on column raw_bigcommerce.product_variants.is_deleted is 'Gone at the source.';

create table raw_bigcommerce.product_categories (
    merchant_id text not null,
    store_id text not null,
    category_id text not null,
    parent_id text,
    name text not null,
    sort_order bigint,
    is_visible boolean,
    custom_url text,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint product_categories_pkey primary key (merchant_id, store_id, category_id)
);

comment on table raw_bigcommerce.product_categories is 'One record per category of the catalogue''s tree.';
comment on column raw_bigcommerce.product_categories.merchant_id is 'The tenant.';
comment on column raw_bigcommerce.product_categories.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_bigcommerce.product_categories.category_id is 'The category''s id.';
comment on column raw_bigcommerce.product_categories.parent_id is 'The category above it; 0 at the top.';
comment on column raw_bigcommerce.product_categories.name is 'Its name.';
comment on column raw_bigcommerce.product_categories.sort_order is 'Its place among its siblings.';
comment on column raw_bigcommerce.product_categories.is_visible is 'Whether buyers see it.';
comment on column raw_bigcommerce.product_categories.custom_url is 'Its path in the shop.';
comment on column raw_bigcommerce.product_categories.source_updated_at is
'When the source last changed it, where it says.';
comment on column raw_bigcommerce.product_categories.content_hash is 'Digest of the record''s own columns.';
comment on column raw_bigcommerce.product_categories.batch_id is 'The archived batch that this version came with.';
comment on column raw_bigcommerce.product_categories.loaded_at is 'When this version of the record was landed.';
comment on column raw_bigcommerce.product_categories.is_deleted is 'Gone at the source.';

create table raw_bigcommerce.product_category_links (
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

comment on table raw_bigcommerce.product_category_links is 'One record per category that a product is in.';
comment on column raw_bigcommerce.product_category_links.merchant_id is 'The tenant.';
comment on column raw_bigcommerce.product_category_links.store_id is
'The merchant''s store that the record belongs to.';
comment on column raw_bigcommerce.product_category_links.product_id is 'The product.';
comment on column raw_bigcommerce.product_category_links.category_id is 'The category.';
comment on column raw_bigcommerce.product_category_links.source_updated_at is
'When the source last changed it, where it says.';
comment on column raw_bigcommerce.product_category_links.content_hash is 'Digest of the record''s own columns.';
comment on column raw_bigcommerce.product_category_links.batch_id is 'The archived batch that this version came with.';
comment on column raw_bigcommerce.product_category_links.loaded_at is 'When this version of the record was landed.';
comment on column raw_bigcommerce.product_category_links.is_deleted is 'Gone at the source.';
