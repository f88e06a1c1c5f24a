-- Raw tables of the WooCommerce source: refunds and their parts.
create table raw_woocommerce.refunds (
    merchant_id text not null,
    store_id text not null,
    order_id text not null,
    refund_id text not null,
    date_created_gmt timestamp with time zone,
    amount numeric(18, 4) not null,
    reason text,
    refunded_by text,
    refunded_payment boolean,
    refund_type text,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint refunds_pkey primary key (merchant_id, store_id, order_id, refund_id)
);

comment on table raw_woocommerce.refunds is
'One record per refund of an order, in the order''s currency, on its own date.';
comment on column raw_woocommerce.refunds.merchant_id is 'The tenant.';
comment on column raw_woocommerce.refunds.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_woocommerce.refunds.order_id is 'The order.';
comment on column raw_woocommerce.refunds.refund_id is 'WooCommerce''s refund id.';
comment on column raw_woocommerce.refunds.date_created_gmt is 'When it was made.';
comment on column raw_woocommerce.refunds.amount is 'What went back, above zero, tax and shipping included.';
comment on column raw_woocommerce.refunds.reason is 'Why, as the merchant wrote it.';
comment on column raw_woocommerce.refunds.refunded_by is 'The account that made it; 0 where it was not a person.';
comment on column raw_woocommerce.refunds.refunded_payment is
'Whether the payment provider was told to send the money back.';
comment on column raw_woocommerce.refunds.refund_type is 'full or partial, of WooCommerce versions that say so.';
comment on column raw_woocommerce.refunds.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_woocommerce.refunds.content_hash is 'Digest of the record''s own columns.';
comment on column raw_woocommerce.refunds.batch_id is 'The archived batch that this version came with.';
comment on column raw_woocommerce.refunds.loaded_at is 'When this version of the record was landed.';
comment on column raw_woocommerce.refunds.is_deleted is 'Gone at the source.';

create table raw_woocommerce.refund_lines (
    merchant_id text not null,
    store_id text not null,
    order_id text not null,
    refund_id text not null,
    line_id text not null,
    line_type text not null,
    refunded_item_id text,
    name text,
    product_id text,
    variation_id text,
    quantity numeric(18, 4),
    subtotal numeric(18, 4),
    subtotal_tax numeric(18, 4),
    total numeric(18, 4) not null,
    total_tax numeric(18, 4),
    sku text,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint refund_lines_pkey primary key (merchant_id, store_id, order_id, refund_id, line_id)
);

comment on table raw_woocommerce.refund_lines is
'One record per line, shipping or fee of a refund; a refund by amount only has none.';
comment on column raw_woocommerce.refund_lines.merchant_id is 'The tenant.';
comment on column raw_woocommerce.refund_lines.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_woocommerce.refund_lines.order_id is 'The order.';
comment on column raw_woocommerce.refund_lines.refund_id is 'The refund.';
comment on column raw_woocommerce.refund_lines.line_id is 'WooCommerce''s id of the refund''s line.';
comment on column raw_woocommerce.refund_lines.line_type is 'line_item, shipping or fee.';
comment on column raw_woocommerce.refund_lines.refunded_item_id is
'The order''s line, shipping line or fee that it refunds.';
comment on column raw_woocommerce.refund_lines.name is 'What was refunded.';
comment on column raw_woocommerce.refund_lines.product_id is 'The product; 0 where there is none.';
comment on column raw_woocommerce.refund_lines.variation_id is 'The product''s variation; 0 for none.';
comment on column raw_woocommerce.refund_lines.quantity is
'How much came back, below zero; 0 where only money went back.';
comment on column raw_woocommerce.refund_lines.subtotal is 'Before tax, below zero.';
comment on column raw_woocommerce.refund_lines.subtotal_tax is 'Tax on the subtotal, below zero.';
comment on column raw_woocommerce.refund_lines.total is 'What went back before tax, below zero.';
comment on column raw_woocommerce.refund_lines.total_tax is 'Tax that went back, below zero.';
comment on column raw_woocommerce.refund_lines.sku is 'The product''s code.';
comment on column raw_woocommerce.refund_lines.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_woocommerce.refund_lines.content_hash is 'Digest of the record''s own columns.';
comment on column raw_woocommerce.refund_lines.batch_id is 'The archived batch that this version came with.';
comment on column raw_woocommerce.refund_lines.loaded_at is 'When this version of the record was landed.';
comment on column raw_woocommerce.refund_lines.is_deleted is 'Gone at the source.';

create table raw_woocommerce.refund_taxes (
    merchant_id text not null,
    store_id text not null,
    order_id text not null,
    refund_id text not null,
    tax_line_id text not null,
    rate_code text,
    rate_id text,
    label text,
    tax_total numeric(18, 4),
    shipping_tax_total numeric(18, 4),
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint refund_taxes_pkey primary key (merchant_id, store_id, order_id, refund_id, tax_line_id)
);

comment on table raw_woocommerce.refund_taxes is
'One record per tax rate of a refund; what its lines'' own taxes add up to.';
comment on column raw_woocommerce.refund_taxes.merchant_id is 'The tenant.';
comment on column raw_woocommerce.refund_taxes.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_woocommerce.refund_taxes.order_id is 'The order.';
comment on column raw_woocommerce.refund_taxes.refund_id is 'The refund.';
comment on column raw_woocommerce.refund_taxes.tax_line_id is 'WooCommerce''s id of the tax line.';
comment on column raw_woocommerce.refund_taxes.rate_code is 'The rate, such as US-NY-NY-1.';
comment on column raw_woocommerce.refund_taxes.rate_id is 'The rate''s id in the shop''s tables.';
comment on column raw_woocommerce.refund_taxes.label is 'The rate''s name.';
comment on column raw_woocommerce.refund_taxes.tax_total is 'Tax on lines and fees that went back, below zero.';
comment on column raw_woocommerce.refund_taxes.shipping_tax_total is 'Tax on shipping that went back, below zero.';
comment on column raw_woocommerce.refund_taxes.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_woocommerce.refund_taxes.content_hash is 'Digest of the record''s own columns.';
comment on column raw_woocommerce.refund_taxes.batch_id is 'The archived batch that this version came with.';
comment on column raw_woocommerce.refund_taxes.loaded_at is 'When this version of the record was landed.';
comment on column raw_woocommerce.refund_taxes.is_deleted is 'Gone at the source.';
