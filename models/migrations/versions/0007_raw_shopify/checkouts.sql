-- Raw tables of the Shopify source: abandoned checkouts.
create table raw_shopify.checkouts (
    merchant_id text not null,
    store_id text not null,
    checkout_id text not null,
    name text,
    customer_id text,
    created_at timestamp with time zone not null,
    updated_at timestamp with time zone not null,
    completed_at timestamp with time zone,
    abandoned_checkout_url text,
    discount_codes text,
    taxes_included boolean,
    currency_code text not null,
    presentment_currency_code text not null,
    total_line_items_price_shop_amount numeric(18, 4),
    total_line_items_price_presentment_amount numeric(18, 4),
    total_discount_shop_amount numeric(18, 4),
    total_discount_presentment_amount numeric(18, 4),
    subtotal_price_shop_amount numeric(18, 4),
    subtotal_price_presentment_amount numeric(18, 4),
    total_tax_shop_amount numeric(18, 4),
    total_tax_presentment_amount numeric(18, 4),
    total_duties_shop_amount numeric(18, 4),
    total_duties_presentment_amount numeric(18, 4),
    total_price_shop_amount numeric(18, 4) not null,
    total_price_presentment_amount numeric(18, 4) not null,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint checkouts_pkey primary key (merchant_id, store_id, checkout_id)
);

comment on table raw_shopify.checkouts is
'One record per checkout that was left after the buyer gave an address; completed ones included.';
comment on column raw_shopify.checkouts.merchant_id is 'The tenant.';
comment on column raw_shopify.checkouts.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_shopify.checkouts.checkout_id is 'Shopify''s id of the checkout.';
comment on column raw_shopify.checkouts.name is 'Its number, such as 28 behind a number sign.';
comment on column raw_shopify.checkouts.customer_id is 'The customer; null for none.';
comment on column raw_shopify.checkouts.created_at is 'When it was begun.';
comment on column raw_shopify.checkouts.updated_at is 'When it was last changed.';
comment on column raw_shopify.checkouts.completed_at is 'When it became an order after all; null if it did not.';
comment on column raw_shopify.checkouts.abandoned_checkout_url is 'Where the buyer can take it up again: a secret.';
comment on column raw_shopify.checkouts.discount_codes is 'The codes entered, joined by a comma and a space.';
comment on column raw_shopify.checkouts.taxes_included is 'Whether prices hold the tax.';
comment on column raw_shopify.checkouts.currency_code is 'ISO 4217 code of the shop''s currency.';
comment on column raw_shopify.checkouts.presentment_currency_code is 'ISO 4217 code of the buyer''s currency.';
comment on column raw_shopify.checkouts.total_line_items_price_shop_amount is
'Lines before discounts, in the shop''s currency.';
comment on column raw_shopify.checkouts.total_line_items_price_presentment_amount is
'Lines before discounts, in the buyer''s currency.';
comment on column raw_shopify.checkouts.total_discount_shop_amount is 'All discounts, in the shop''s currency.';
comment on column raw_shopify.checkouts.total_discount_presentment_amount is 'All discounts, in the buyer''s currency.';
comment on column raw_shopify.checkouts.subtotal_price_shop_amount is 'Lines after discounts, in the shop''s currency.';
comment on column raw_shopify.checkouts.subtotal_price_presentment_amount is
'Lines after discounts, in the buyer''s currency.';
comment on column raw_shopify.checkouts.total_tax_shop_amount is 'Tax, in the shop''s currency.';
comment on column raw_shopify.checkouts.total_tax_presentment_amount is 'Tax, in the buyer''s currency.';
comment on column raw_shopify.checkouts.total_duties_shop_amount is 'Duties; null for none, in the shop''s currency.';
comment on column raw_shopify.checkouts.total_duties_presentment_amount is
'Duties; null for none, in the buyer''s currency.';
comment on column raw_shopify.checkouts.total_price_shop_amount is
'What it would have come to, in the shop''s currency.';
comment on column raw_shopify.checkouts.total_price_presentment_amount is
'What it would have come to, in the buyer''s currency.';
comment on column raw_shopify.checkouts.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_shopify.checkouts.content_hash is 'Digest of the record''s own columns.';
comment on column raw_shopify.checkouts.batch_id is 'The archived batch that this version came with.';
comment on column raw_shopify.checkouts.loaded_at is 'When this version of the record was landed.';
comment on column raw_shopify.checkouts.is_deleted is 'Gone at the source.';

create table raw_shopify.checkout_lines (
    merchant_id text not null,
    store_id text not null,
    checkout_id text not null,
    line_id text not null,
    product_id text,
    variant_id text,
    sku text,
    title text,
    variant_title text,
    quantity bigint not null,
    currency_code text not null,
    presentment_currency_code text not null,
    original_unit_price_shop_amount numeric(18, 4),
    original_unit_price_presentment_amount numeric(18, 4),
    original_total_price_shop_amount numeric(18, 4),
    original_total_price_presentment_amount numeric(18, 4),
    discounted_total_price_shop_amount numeric(18, 4),
    discounted_total_price_presentment_amount numeric(18, 4),
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint checkout_lines_pkey primary key (merchant_id, store_id, checkout_id, line_id)
);

comment on table raw_shopify.checkout_lines is 'One record per line of an abandoned checkout.';
comment on column raw_shopify.checkout_lines.merchant_id is 'The tenant.';
comment on column raw_shopify.checkout_lines.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_shopify.checkout_lines.checkout_id is 'Shopify''s id of the checkout.';
comment on column raw_shopify.checkout_lines.line_id is 'Shopify''s id of the line.';
comment on column raw_shopify.checkout_lines.product_id is 'The product; null where it no longer exists.';
comment on column raw_shopify.checkout_lines.variant_id is 'The variant; null where it no longer exists.';
comment on column raw_shopify.checkout_lines.sku is 'The variant''s code.';
comment on column raw_shopify.checkout_lines.title is 'The product''s name.';
comment on column raw_shopify.checkout_lines.variant_title is 'The variant''s name.';
comment on column raw_shopify.checkout_lines.quantity is 'Units.';
comment on column raw_shopify.checkout_lines.currency_code is 'ISO 4217 code of the shop''s currency.';
comment on column raw_shopify.checkout_lines.presentment_currency_code is 'ISO 4217 code of the buyer''s currency.';
comment on column raw_shopify.checkout_lines.original_unit_price_shop_amount is
'Price of one before discounts, in the shop''s currency.';
comment on column raw_shopify.checkout_lines.original_unit_price_presentment_amount is
'Price of one before discounts, in the buyer''s currency.';
comment on column raw_shopify.checkout_lines.original_total_price_shop_amount is
'All units before discounts, in the shop''s currency.';
comment on column raw_shopify.checkout_lines.original_total_price_presentment_amount is
'All units before discounts, in the buyer''s currency.';
comment on column raw_shopify.checkout_lines.discounted_total_price_shop_amount is
'All units after discounts, in the shop''s currency.';
comment on column raw_shopify.checkout_lines.discounted_total_price_presentment_amount is
'All units after discounts, in the buyer''s currency.';
comment on column raw_shopify.checkout_lines.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_shopify.checkout_lines.content_hash is 'Digest of the record''s own columns.';
comment on column raw_shopify.checkout_lines.batch_id is 'The archived batch that this version came with.';
comment on column raw_shopify.checkout_lines.loaded_at is 'When this version of the record was landed.';
comment on column raw_shopify.checkout_lines.is_deleted is 'Gone at the source.';
