-- Raw tables of the WooCommerce source: what was ordered.
create table raw_woocommerce.order_lines (
    merchant_id text not null,
    store_id text not null,
    order_id text not null,
    line_id text not null,
    name text,
    product_id text,
    variation_id text,
    quantity numeric(18, 4),
    tax_class text,
    subtotal numeric(18, 4),
    subtotal_tax numeric(18, 4),
    total numeric(18, 4) not null,
    total_tax numeric(18, 4),
    sku text,
    global_unique_id text,
    parent_name text,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint order_lines_pkey primary key (merchant_id, store_id, order_id, line_id)
);

comment on table raw_woocommerce.order_lines is 'One record per line of an order.';
comment on column raw_woocommerce.order_lines.merchant_id is 'The tenant.';
comment on column raw_woocommerce.order_lines.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_woocommerce.order_lines.order_id is 'The order.';
comment on column raw_woocommerce.order_lines.line_id is 'WooCommerce''s id of the line.';
comment on column raw_woocommerce.order_lines.name is 'The product''s name when it was ordered.';
comment on column raw_woocommerce.order_lines.product_id is 'The product; 0 where it no longer exists.';
comment on column raw_woocommerce.order_lines.variation_id is 'The product''s variation; 0 for none.';
comment on column raw_woocommerce.order_lines.quantity is 'How much was ordered.';
comment on column raw_woocommerce.order_lines.tax_class is 'The class of tax; empty for the standard one.';
comment on column raw_woocommerce.order_lines.subtotal is 'The line before coupons and tax.';
comment on column raw_woocommerce.order_lines.subtotal_tax is 'Tax on it before coupons.';
comment on column raw_woocommerce.order_lines.total is 'The line after coupons, before tax.';
comment on column raw_woocommerce.order_lines.total_tax is 'Tax on it after coupons.';
comment on column raw_woocommerce.order_lines.sku is 'The product''s code.';
comment on column raw_woocommerce.order_lines.global_unique_id is 'GTIN, UPC, EAN or ISBN.';
comment on column raw_woocommerce.order_lines.parent_name is 'The product''s name where the line names a variation.';
comment on column raw_woocommerce.order_lines.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_woocommerce.order_lines.content_hash is 'Digest of the record''s own columns.';
comment on column raw_woocommerce.order_lines.batch_id is 'The archived batch that this version came with.';
comment on column raw_woocommerce.order_lines.loaded_at is 'When this version of the record was landed.';
comment on column raw_woocommerce.order_lines.is_deleted is 'Gone at the source.';
