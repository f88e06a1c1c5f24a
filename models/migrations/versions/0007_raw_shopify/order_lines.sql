-- Raw tables of the Shopify source: what was ordered.
create table raw_shopify.order_lines (
    merchant_id text not null,
    store_id text not null,
    order_id text not null,
    line_id text not null,
    product_id text,
    variant_id text,
    sku text,
    title text,
    variant_title text,
    vendor text,
    selling_plan_name text,
    quantity bigint not null,
    current_quantity bigint not null,
    is_gift_card boolean not null,
    requires_shipping boolean,
    taxable boolean,
    currency_code text not null,
    presentment_currency_code text not null,
    original_unit_price_shop_amount numeric(18, 4),
    original_unit_price_presentment_amount numeric(18, 4),
    original_total_shop_amount numeric(18, 4) not null,
    original_total_presentment_amount numeric(18, 4) not null,
    discounted_total_shop_amount numeric(18, 4),
    discounted_total_presentment_amount numeric(18, 4),
    total_discount_shop_amount numeric(18, 4),
    total_discount_presentment_amount numeric(18, 4),
    discount_allocations_shop_amount numeric(18, 4),
    discount_allocations_presentment_amount numeric(18, 4),
    tax_lines_shop_amount numeric(18, 4),
    tax_lines_presentment_amount numeric(18, 4),
    duties_shop_amount numeric(18, 4),
    duties_presentment_amount numeric(18, 4),
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint order_lines_pkey primary key (merchant_id, store_id, order_id, line_id)
);

comment on table raw_shopify.order_lines is 'One record per line of an order; removed and refunded lines stay.';
comment on column raw_shopify.order_lines.merchant_id is 'The tenant.';
comment on column raw_shopify.order_lines.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_shopify.order_lines.order_id is 'Shopify''s order id.';
comment on column raw_shopify.order_lines.line_id is 'Shopify''s id of the line.';
comment on column raw_shopify.order_lines.product_id is
'The product; null where it no longer exists, and for lines without one.';
comment on column raw_shopify.order_lines.variant_id is 'The product''s variant; null where it no longer exists.';
comment on column raw_shopify.order_lines.sku is 'The variant''s code when it was ordered.';
comment on column raw_shopify.order_lines.title is 'The product''s name when it was ordered.';
comment on column raw_shopify.order_lines.variant_title is 'The variant''s name when it was ordered.';
comment on column raw_shopify.order_lines.vendor is 'The product''s maker when it was ordered.';
comment on column raw_shopify.order_lines.selling_plan_name is
'The subscription or prepayment that it was bought under; null for none.';
comment on column raw_shopify.order_lines.quantity is 'Units ordered, removed and refunded ones included.';
comment on column raw_shopify.order_lines.current_quantity is 'Units ordered, removed and refunded ones left out.';
comment on column raw_shopify.order_lines.is_gift_card is
'Whether the line sells a gift card: a liability, not revenue.';
comment on column raw_shopify.order_lines.requires_shipping is 'Whether it is shipped.';
comment on column raw_shopify.order_lines.taxable is 'Whether it is taxed.';
comment on column raw_shopify.order_lines.currency_code is 'ISO 4217 code of the shop''s currency.';
comment on column raw_shopify.order_lines.presentment_currency_code is 'ISO 4217 code of the buyer''s currency.';
comment on column raw_shopify.order_lines.original_unit_price_shop_amount is
'Price of one before discounts, in the shop''s currency.';
comment on column raw_shopify.order_lines.original_unit_price_presentment_amount is
'Price of one before discounts, in the buyer''s currency.';
comment on column raw_shopify.order_lines.original_total_shop_amount is
'All units before discounts, in the shop''s currency.';
comment on column raw_shopify.order_lines.original_total_presentment_amount is
'All units before discounts, in the buyer''s currency.';
comment on column raw_shopify.order_lines.discounted_total_shop_amount is
'All units after the line''s own discounts; order discounts and codes are not in it, in the shop''s currency.';
comment on column raw_shopify.order_lines.discounted_total_presentment_amount is
'All units after the line''s own discounts; order discounts and codes are not in it, in the buyer''s currency.';
comment on column raw_shopify.order_lines.total_discount_shop_amount is
'The line''s own discounts, in the shop''s currency.';
comment on column raw_shopify.order_lines.total_discount_presentment_amount is
'The line''s own discounts, in the buyer''s currency.';
comment on column raw_shopify.order_lines.discount_allocations_shop_amount is
'All discounts that fall on the line, those of the order and of codes included, in the shop''s currency.';
comment on column raw_shopify.order_lines.discount_allocations_presentment_amount is
'All discounts that fall on the line, those of the order and of codes included, in the buyer''s currency.';
comment on column raw_shopify.order_lines.tax_lines_shop_amount is 'Tax on all units, in the shop''s currency.';
comment on column raw_shopify.order_lines.tax_lines_presentment_amount is 'Tax on all units, in the buyer''s currency.';
comment on column raw_shopify.order_lines.duties_shop_amount is 'Duties on all units, in the shop''s currency.';
comment on column raw_shopify.order_lines.duties_presentment_amount is 'Duties on all units, in the buyer''s currency.';
comment on column raw_shopify.order_lines.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_shopify.order_lines.content_hash is 'Digest of the record''s own columns.';
comment on column raw_shopify.order_lines.batch_id is 'The archived batch that this version came with.';
comment on column raw_shopify.order_lines.loaded_at is 'When this version of the record was landed.';
comment on column raw_shopify.order_lines.is_deleted is 'Gone at the source.';
