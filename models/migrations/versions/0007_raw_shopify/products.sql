-- Raw tables of the Shopify source: the catalogue.
create table raw_shopify.products (
    merchant_id text not null,
    store_id text not null,
    product_id text not null,
    title text,
    handle text,
    status text,
    product_type text,
    vendor text,
    category_id text,
    category_name text,
    tags text,
    is_gift_card boolean,
    total_inventory bigint,
    created_at timestamp with time zone not null,
    updated_at timestamp with time zone not null,
    published_at timestamp with time zone,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint products_pkey primary key (merchant_id, store_id, product_id)
);

comment on table raw_shopify.products is 'One record per product, drafts and archived ones included.';
comment on column raw_shopify.products.merchant_id is 'The tenant.';
comment on column raw_shopify.products.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_shopify.products.product_id is 'Shopify''s product id.';
comment on column raw_shopify.products.title is 'Its name.';
comment on column raw_shopify.products.handle is 'Its name in addresses.';
comment on column raw_shopify.products.status is 'ACTIVE, ARCHIVED, DRAFT or UNLISTED.';
comment on column raw_shopify.products.product_type is 'The merchant''s own kind of product.';
comment on column raw_shopify.products.vendor is 'Its maker.';
comment on column raw_shopify.products.category_id is
'Its place in Shopify''s taxonomy, such as sg-4-17-2-17; null for none.';
comment on column raw_shopify.products.category_name is 'That place in words, from the root.';
comment on column raw_shopify.products.tags is 'The merchant''s tags, joined by a comma and a space.';
comment on column raw_shopify.products.is_gift_card is 'Whether it is a gift card.';
comment on column raw_shopify.products.total_inventory is 'Units in stock, at all locations.';
comment on column raw_shopify.products.created_at is 'When it was created.';
comment on column raw_shopify.products.updated_at is 'When Shopify last changed it.';
comment on column raw_shopify.products.published_at is 'When it was published in the online store; null if it is not.';
comment on column raw_shopify.products.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_shopify.products.content_hash is 'Digest of the record''s own columns.';
comment on column raw_shopify.products.batch_id is 'The archived batch that this version came with.';
comment on column raw_shopify.products.loaded_at is 'When this version of the record was landed.';
comment on column raw_shopify.products.is_deleted is 'Gone at the source.';

create table raw_shopify.product_variants (
    merchant_id text not null,
    store_id text not null,
    product_id text not null,
    variant_id text not null,
    title text,
    sku text,
    barcode text,
    price numeric(18, 4) not null,
    compare_at_price numeric(18, 4),
    position bigint,
    inventory_quantity bigint,
    taxable boolean,
    created_at timestamp with time zone,
    updated_at timestamp with time zone,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint product_variants_pkey primary key (merchant_id, store_id, product_id, variant_id)
);

comment on table raw_shopify.product_variants is
'One record per variant of a product; a product without choices has one.';
comment on column raw_shopify.product_variants.merchant_id is 'The tenant.';
comment on column raw_shopify.product_variants.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_shopify.product_variants.product_id is 'Shopify''s product id.';
comment on column raw_shopify.product_variants.variant_id is 'Shopify''s id of the variant.';
comment on column raw_shopify.product_variants.title is 'What tells it from the others, such as S / Blue.';
comment on column raw_shopify.product_variants.sku is 'The shop''s own code.';
comment on column raw_shopify.product_variants.barcode is 'GTIN, UPC, EAN or ISBN.';
comment on column raw_shopify.product_variants.price is 'Its price in the shop''s currency.';
comment on column raw_shopify.product_variants.compare_at_price is
'The price that it is compared with when it is on sale.';
comment on column raw_shopify.product_variants.position is 'Its place among the product''s variants, from 1.';
comment on column raw_shopify.product_variants.inventory_quantity is 'Units that can be sold.';
comment on column raw_shopify.product_variants.taxable is 'Whether it is taxed.';
comment on column raw_shopify.product_variants.created_at is 'When it was created.';
comment on column raw_shopify.product_variants.updated_at is 'When Shopify last changed it.';
comment on column raw_shopify.product_variants.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_shopify.product_variants.content_hash is 'Digest of the record''s own columns.';
comment on column raw_shopify.product_variants.batch_id is 'The archived batch that this version came with.';
comment on column raw_shopify.product_variants.loaded_at is 'When this version of the record was landed.';
comment on column raw_shopify.product_variants.is_deleted is 'Gone at the source.';

create table raw_shopify.product_categories (
    merchant_id text not null,
    store_id text not null,
    category_id text not null,
    title text,
    handle text,
    sort_order text,
    updated_at timestamp with time zone not null,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint product_categories_pkey primary key (merchant_id, store_id, category_id)
);

comment on table raw_shopify.product_categories is
'One record per collection: the groups of products that the merchant made.';
comment on column raw_shopify.product_categories.merchant_id is 'The tenant.';
comment on column raw_shopify.product_categories.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_shopify.product_categories.category_id is 'Shopify''s collection id.';
comment on column raw_shopify.product_categories.title is 'Its name.';
comment on column raw_shopify.product_categories.handle is 'Its name in addresses.';
comment on column raw_shopify.product_categories.sort_order is 'How its products are sorted.';
comment on column raw_shopify.product_categories.updated_at is 'When Shopify last changed it.';
comment on column raw_shopify.product_categories.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_shopify.product_categories.content_hash is 'Digest of the record''s own columns.';
comment on column raw_shopify.product_categories.batch_id is 'The archived batch that this version came with.';
comment on column raw_shopify.product_categories.loaded_at is 'When this version of the record was landed.';
comment on column raw_shopify.product_categories.is_deleted is 'Gone at the source.';

create table raw_shopify.product_category_links (
    merchant_id text not null,
    store_id text not null,
    category_id text not null,
    product_id text not null,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint product_category_links_pkey primary key (merchant_id, store_id, category_id, product_id)
);

comment on table raw_shopify.product_category_links is 'One record per product in a collection.';
comment on column raw_shopify.product_category_links.merchant_id is 'The tenant.';
comment on column raw_shopify.product_category_links.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_shopify.product_category_links.category_id is 'Shopify''s collection id.';
comment on column raw_shopify.product_category_links.product_id is 'The product.';
comment on column raw_shopify.product_category_links.source_updated_at is
'When the source last changed it, where it says.';
comment on column raw_shopify.product_category_links.content_hash is 'Digest of the record''s own columns.';
comment on column raw_shopify.product_category_links.batch_id is 'The archived batch that this version came with.';
comment on column raw_shopify.product_category_links.loaded_at is 'When this version of the record was landed.';
comment on column raw_shopify.product_category_links.is_deleted is 'Gone at the source.';
