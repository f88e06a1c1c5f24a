-- Raw tables of the Shopify source: refunds and their parts.
create table raw_shopify.refunds (
    merchant_id text not null,
    store_id text not null,
    order_id text not null,
    refund_id text not null,
    created_at timestamp with time zone,
    processed_at timestamp with time zone not null,
    updated_at timestamp with time zone not null,
    note text,
    currency_code text not null,
    presentment_currency_code text not null,
    total_refunded_shop_amount numeric(18, 4) not null,
    total_refunded_presentment_amount numeric(18, 4) not null,
    duties_shop_amount numeric(18, 4),
    duties_presentment_amount numeric(18, 4),
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint refunds_pkey primary key (merchant_id, store_id, order_id, refund_id)
);

comment on table raw_shopify.refunds is
'One record per refund of an order, on its own date; an edit that removes lines makes one of zero.';
comment on column raw_shopify.refunds.merchant_id is 'The tenant.';
comment on column raw_shopify.refunds.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_shopify.refunds.order_id is 'Shopify''s order id.';
comment on column raw_shopify.refunds.refund_id is 'Shopify''s refund id.';
comment on column raw_shopify.refunds.created_at is 'When it was made.';
comment on column raw_shopify.refunds.processed_at is 'When it was carried out, wherever that was.';
comment on column raw_shopify.refunds.updated_at is 'When Shopify last changed it.';
comment on column raw_shopify.refunds.note is 'Why, as the merchant wrote it.';
comment on column raw_shopify.refunds.currency_code is 'ISO 4217 code of the shop''s currency.';
comment on column raw_shopify.refunds.presentment_currency_code is 'ISO 4217 code of the buyer''s currency.';
comment on column raw_shopify.refunds.total_refunded_shop_amount is
'What went back in all, over all of its transactions, in the shop''s currency.';
comment on column raw_shopify.refunds.total_refunded_presentment_amount is
'What went back in all, over all of its transactions, in the buyer''s currency.';
comment on column raw_shopify.refunds.duties_shop_amount is 'Duties that went back, in the shop''s currency.';
comment on column raw_shopify.refunds.duties_presentment_amount is 'Duties that went back, in the buyer''s currency.';
comment on column raw_shopify.refunds.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_shopify.refunds.content_hash is 'Digest of the record''s own columns.';
comment on column raw_shopify.refunds.batch_id is 'The archived batch that this version came with.';
comment on column raw_shopify.refunds.loaded_at is 'When this version of the record was landed.';
comment on column raw_shopify.refunds.is_deleted is 'Gone at the source.';

create table raw_shopify.refund_lines (
    merchant_id text not null,
    store_id text not null,
    order_id text not null,
    refund_line_id text not null,
    refund_id text not null,
    line_id text not null,
    quantity bigint not null,
    restock_type text,
    restocked boolean,
    currency_code text not null,
    presentment_currency_code text not null,
    price_shop_amount numeric(18, 4),
    price_presentment_amount numeric(18, 4),
    subtotal_shop_amount numeric(18, 4) not null,
    subtotal_presentment_amount numeric(18, 4) not null,
    total_tax_shop_amount numeric(18, 4) not null,
    total_tax_presentment_amount numeric(18, 4) not null,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint refund_lines_pkey primary key (merchant_id, store_id, order_id, refund_line_id)
);

comment on table raw_shopify.refund_lines is 'One record per order line of a refund.';
comment on column raw_shopify.refund_lines.merchant_id is 'The tenant.';
comment on column raw_shopify.refund_lines.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_shopify.refund_lines.order_id is 'Shopify''s order id.';
comment on column raw_shopify.refund_lines.refund_line_id is 'Shopify''s id of it.';
comment on column raw_shopify.refund_lines.refund_id is 'The refund.';
comment on column raw_shopify.refund_lines.line_id is 'The order''s line.';
comment on column raw_shopify.refund_lines.quantity is 'Units refunded or removed.';
comment on column raw_shopify.refund_lines.restock_type is 'CANCEL, LEGACY_RESTOCK, NO_RESTOCK or RETURN.';
comment on column raw_shopify.refund_lines.restocked is 'Whether they went back into stock.';
comment on column raw_shopify.refund_lines.currency_code is 'ISO 4217 code of the shop''s currency.';
comment on column raw_shopify.refund_lines.presentment_currency_code is 'ISO 4217 code of the buyer''s currency.';
comment on column raw_shopify.refund_lines.price_shop_amount is 'Price of one, in the shop''s currency.';
comment on column raw_shopify.refund_lines.price_presentment_amount is 'Price of one, in the buyer''s currency.';
comment on column raw_shopify.refund_lines.subtotal_shop_amount is
'What went back after discounts; with tax where prices include it, in the shop''s currency.';
comment on column raw_shopify.refund_lines.subtotal_presentment_amount is
'What went back after discounts; with tax where prices include it, in the buyer''s currency.';
comment on column raw_shopify.refund_lines.total_tax_shop_amount is 'Tax that went back, in the shop''s currency.';
comment on column raw_shopify.refund_lines.total_tax_presentment_amount is
'Tax that went back, in the buyer''s currency.';
comment on column raw_shopify.refund_lines.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_shopify.refund_lines.content_hash is 'Digest of the record''s own columns.';
comment on column raw_shopify.refund_lines.batch_id is 'The archived batch that this version came with.';
comment on column raw_shopify.refund_lines.loaded_at is 'When this version of the record was landed.';
comment on column raw_shopify.refund_lines.is_deleted is 'Gone at the source.';

create table raw_shopify.refund_shipping_lines (
    merchant_id text not null,
    store_id text not null,
    order_id text not null,
    refund_shipping_line_id text not null,
    refund_id text not null,
    shipping_line_id text,
    currency_code text not null,
    presentment_currency_code text not null,
    subtotal_shop_amount numeric(18, 4) not null,
    subtotal_presentment_amount numeric(18, 4) not null,
    tax_shop_amount numeric(18, 4) not null,
    tax_presentment_amount numeric(18, 4) not null,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint refund_shipping_lines_pkey primary key (merchant_id, store_id, order_id, refund_shipping_line_id)
);

comment on table raw_shopify.refund_shipping_lines is 'One record per way of shipping of a refund.';
comment on column raw_shopify.refund_shipping_lines.merchant_id is 'The tenant.';
comment on column raw_shopify.refund_shipping_lines.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_shopify.refund_shipping_lines.order_id is 'Shopify''s order id.';
comment on column raw_shopify.refund_shipping_lines.refund_shipping_line_id is 'Shopify''s id of it.';
comment on column raw_shopify.refund_shipping_lines.refund_id is 'The refund.';
comment on column raw_shopify.refund_shipping_lines.shipping_line_id is 'The order''s shipping line.';
comment on column raw_shopify.refund_shipping_lines.currency_code is 'ISO 4217 code of the shop''s currency.';
comment on column raw_shopify.refund_shipping_lines.presentment_currency_code is
'ISO 4217 code of the buyer''s currency.';
comment on column raw_shopify.refund_shipping_lines.subtotal_shop_amount is
'What went back for shipping, in the shop''s currency.';
comment on column raw_shopify.refund_shipping_lines.subtotal_presentment_amount is
'What went back for shipping, in the buyer''s currency.';
comment on column raw_shopify.refund_shipping_lines.tax_shop_amount is
'Tax on it that went back, in the shop''s currency.';
comment on column raw_shopify.refund_shipping_lines.tax_presentment_amount is
'Tax on it that went back, in the buyer''s currency.';
comment on column raw_shopify.refund_shipping_lines.source_updated_at is
'When the source last changed it, where it says.';
comment on column raw_shopify.refund_shipping_lines.content_hash is 'Digest of the record''s own columns.';
comment on column raw_shopify.refund_shipping_lines.batch_id is 'The archived batch that this version came with.';
comment on column raw_shopify.refund_shipping_lines.loaded_at is 'When this version of the record was landed.';
comment on column raw_shopify.refund_shipping_lines.is_deleted is 'Gone at the source.';

create table raw_shopify.refund_adjustments (
    merchant_id text not null,
    store_id text not null,
    order_id text not null,
    refund_adjustment_id text not null,
    refund_id text not null,
    reason text,
    currency_code text not null,
    presentment_currency_code text not null,
    amount_shop_amount numeric(18, 4) not null,
    amount_presentment_amount numeric(18, 4) not null,
    tax_amount_shop_amount numeric(18, 4) not null,
    tax_amount_presentment_amount numeric(18, 4) not null,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint refund_adjustments_pkey primary key (merchant_id, store_id, order_id, refund_adjustment_id)
);

comment on table raw_shopify.refund_adjustments is
'One record per difference between a refund and what its lines add up to.';
comment on column raw_shopify.refund_adjustments.merchant_id is 'The tenant.';
comment on column raw_shopify.refund_adjustments.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_shopify.refund_adjustments.order_id is 'Shopify''s order id.';
comment on column raw_shopify.refund_adjustments.refund_adjustment_id is 'Shopify''s id of the order adjustment.';
comment on column raw_shopify.refund_adjustments.refund_id is 'The refund.';
comment on column raw_shopify.refund_adjustments.reason is 'Why it differs.';
comment on column raw_shopify.refund_adjustments.currency_code is 'ISO 4217 code of the shop''s currency.';
comment on column raw_shopify.refund_adjustments.presentment_currency_code is 'ISO 4217 code of the buyer''s currency.';
comment on column raw_shopify.refund_adjustments.amount_shop_amount is 'The difference, in the shop''s currency.';
comment on column raw_shopify.refund_adjustments.amount_presentment_amount is
'The difference, in the buyer''s currency.';
comment on column raw_shopify.refund_adjustments.tax_amount_shop_amount is 'Tax on it, in the shop''s currency.';
comment on column raw_shopify.refund_adjustments.tax_amount_presentment_amount is
'Tax on it, in the buyer''s currency.';
comment on column raw_shopify.refund_adjustments.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_shopify.refund_adjustments.content_hash is 'Digest of the record''s own columns.';
comment on column raw_shopify.refund_adjustments.batch_id is 'The archived batch that this version came with.';
comment on column raw_shopify.refund_adjustments.loaded_at is 'When this version of the record was landed.';
comment on column raw_shopify.refund_adjustments.is_deleted is 'Gone at the source.';
