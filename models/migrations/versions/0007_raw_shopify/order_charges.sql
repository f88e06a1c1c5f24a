-- Raw tables of the Shopify source: what an order's total is made of besides its lines.
create table raw_shopify.order_shipping_lines (
    merchant_id text not null,
    store_id text not null,
    order_id text not null,
    shipping_line_id text not null,
    title text,
    code text,
    source text,
    is_removed boolean,
    currency_code text not null,
    presentment_currency_code text not null,
    original_price_shop_amount numeric(18, 4) not null,
    original_price_presentment_amount numeric(18, 4) not null,
    discounted_price_shop_amount numeric(18, 4) not null,
    discounted_price_presentment_amount numeric(18, 4) not null,
    current_discounted_price_shop_amount numeric(18, 4),
    current_discounted_price_presentment_amount numeric(18, 4),
    tax_lines_shop_amount numeric(18, 4),
    tax_lines_presentment_amount numeric(18, 4),
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint order_shipping_lines_pkey primary key (merchant_id, store_id, order_id, shipping_line_id)
);

comment on table raw_shopify.order_shipping_lines is
'One record per way of shipping of an order, removed ones included.';
comment on column raw_shopify.order_shipping_lines.merchant_id is 'The tenant.';
comment on column raw_shopify.order_shipping_lines.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_shopify.order_shipping_lines.order_id is 'Shopify''s order id.';
comment on column raw_shopify.order_shipping_lines.shipping_line_id is 'Shopify''s id of the shipping line.';
comment on column raw_shopify.order_shipping_lines.title is 'The way of shipping, as the customer saw it.';
comment on column raw_shopify.order_shipping_lines.code is 'The rate''s code.';
comment on column raw_shopify.order_shipping_lines.source is 'Where the rate came from.';
comment on column raw_shopify.order_shipping_lines.is_removed is 'Whether an edit removed it.';
comment on column raw_shopify.order_shipping_lines.currency_code is 'ISO 4217 code of the shop''s currency.';
comment on column raw_shopify.order_shipping_lines.presentment_currency_code is
'ISO 4217 code of the buyer''s currency.';
comment on column raw_shopify.order_shipping_lines.original_price_shop_amount is
'Price before discounts, in the shop''s currency.';
comment on column raw_shopify.order_shipping_lines.original_price_presentment_amount is
'Price before discounts, in the buyer''s currency.';
comment on column raw_shopify.order_shipping_lines.discounted_price_shop_amount is
'Price after discounts, in the shop''s currency.';
comment on column raw_shopify.order_shipping_lines.discounted_price_presentment_amount is
'Price after discounts, in the buyer''s currency.';
comment on column raw_shopify.order_shipping_lines.current_discounted_price_shop_amount is
'Price after discounts and refunds, in the shop''s currency.';
comment on column raw_shopify.order_shipping_lines.current_discounted_price_presentment_amount is
'Price after discounts and refunds, in the buyer''s currency.';
comment on column raw_shopify.order_shipping_lines.tax_lines_shop_amount is 'Tax on it, in the shop''s currency.';
comment on column raw_shopify.order_shipping_lines.tax_lines_presentment_amount is
'Tax on it, in the buyer''s currency.';
comment on column raw_shopify.order_shipping_lines.source_updated_at is
'When the source last changed it, where it says.';
comment on column raw_shopify.order_shipping_lines.content_hash is 'Digest of the record''s own columns.';
comment on column raw_shopify.order_shipping_lines.batch_id is 'The archived batch that this version came with.';
comment on column raw_shopify.order_shipping_lines.loaded_at is 'When this version of the record was landed.';
comment on column raw_shopify.order_shipping_lines.is_deleted is 'Gone at the source.';

create table raw_shopify.order_discounts (
    merchant_id text not null,
    store_id text not null,
    order_id text not null,
    discount_index text not null,
    type text,
    code text,
    title text,
    allocation_method text,
    target_selection text,
    target_type text,
    value_percentage numeric(18, 8),
    value_amount numeric(18, 4),
    value_currency_code text,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint order_discounts_pkey primary key (merchant_id, store_id, order_id, discount_index)
);

comment on table raw_shopify.order_discounts is
'One record per discount that was applied to an order; the amounts are already taken off its lines.';
comment on column raw_shopify.order_discounts.merchant_id is 'The tenant.';
comment on column raw_shopify.order_discounts.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_shopify.order_discounts.order_id is 'Shopify''s order id.';
comment on column raw_shopify.order_discounts.discount_index is 'Its place among the order''s discounts, from 0.';
comment on column raw_shopify.order_discounts.type is
'DiscountCodeApplication, AutomaticDiscountApplication, ManualDiscountApplication or a script''s.';
comment on column raw_shopify.order_discounts.code is 'The code, of discounts that have one.';
comment on column raw_shopify.order_discounts.title is 'Its title, of discounts without a code.';
comment on column raw_shopify.order_discounts.allocation_method is 'ACROSS, EACH or ONE.';
comment on column raw_shopify.order_discounts.target_selection is 'ALL, ENTITLED or EXPLICIT.';
comment on column raw_shopify.order_discounts.target_type is 'LINE_ITEM or SHIPPING_LINE.';
comment on column raw_shopify.order_discounts.value_percentage is 'Its percentage; null for an amount.';
comment on column raw_shopify.order_discounts.value_amount is 'Its amount; null for a percentage.';
comment on column raw_shopify.order_discounts.value_currency_code is 'ISO 4217 code of the amount.';
comment on column raw_shopify.order_discounts.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_shopify.order_discounts.content_hash is 'Digest of the record''s own columns.';
comment on column raw_shopify.order_discounts.batch_id is 'The archived batch that this version came with.';
comment on column raw_shopify.order_discounts.loaded_at is 'When this version of the record was landed.';
comment on column raw_shopify.order_discounts.is_deleted is 'Gone at the source.';

create table raw_shopify.order_fees (
    merchant_id text not null,
    store_id text not null,
    order_id text not null,
    fee_id text not null,
    name text,
    currency_code text not null,
    presentment_currency_code text not null,
    price_shop_amount numeric(18, 4) not null,
    price_presentment_amount numeric(18, 4) not null,
    tax_lines_shop_amount numeric(18, 4),
    tax_lines_presentment_amount numeric(18, 4),
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint order_fees_pkey primary key (merchant_id, store_id, order_id, fee_id)
);

comment on table raw_shopify.order_fees is 'One record per additional fee of an order.';
comment on column raw_shopify.order_fees.merchant_id is 'The tenant.';
comment on column raw_shopify.order_fees.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_shopify.order_fees.order_id is 'Shopify''s order id.';
comment on column raw_shopify.order_fees.fee_id is 'Shopify''s id of the fee.';
comment on column raw_shopify.order_fees.name is 'What it is for.';
comment on column raw_shopify.order_fees.currency_code is 'ISO 4217 code of the shop''s currency.';
comment on column raw_shopify.order_fees.presentment_currency_code is 'ISO 4217 code of the buyer''s currency.';
comment on column raw_shopify.order_fees.price_shop_amount is 'The fee, in the shop''s currency.';
comment on column raw_shopify.order_fees.price_presentment_amount is 'The fee, in the buyer''s currency.';
comment on column raw_shopify.order_fees.tax_lines_shop_amount is 'Tax on it, in the shop''s currency.';
comment on column raw_shopify.order_fees.tax_lines_presentment_amount is 'Tax on it, in the buyer''s currency.';
comment on column raw_shopify.order_fees.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_shopify.order_fees.content_hash is 'Digest of the record''s own columns.';
comment on column raw_shopify.order_fees.batch_id is 'The archived batch that this version came with.';
comment on column raw_shopify.order_fees.loaded_at is 'When this version of the record was landed.';
comment on column raw_shopify.order_fees.is_deleted is 'Gone at the source.';

create table raw_shopify.order_taxes (
    merchant_id text not null,
    store_id text not null,
    order_id text not null,
    tax_index text not null,
    title text,
    rate numeric(18, 8),
    source text,
    channel_liable boolean,
    currency_code text not null,
    presentment_currency_code text not null,
    price_shop_amount numeric(18, 4) not null,
    price_presentment_amount numeric(18, 4) not null,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint order_taxes_pkey primary key (merchant_id, store_id, order_id, tax_index)
);

comment on table raw_shopify.order_taxes is
'One record per tax of an order, all of its lines together, before returns.';
comment on column raw_shopify.order_taxes.merchant_id is 'The tenant.';
comment on column raw_shopify.order_taxes.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_shopify.order_taxes.order_id is 'Shopify''s order id.';
comment on column raw_shopify.order_taxes.tax_index is 'Its place among the order''s taxes, from 0.';
comment on column raw_shopify.order_taxes.title is 'The tax''s name.';
comment on column raw_shopify.order_taxes.rate is 'The rate as a share, such as 0.08875.';
comment on column raw_shopify.order_taxes.source is 'What calculated it.';
comment on column raw_shopify.order_taxes.channel_liable is 'Whether the sales channel pays it to the tax office.';
comment on column raw_shopify.order_taxes.currency_code is 'ISO 4217 code of the shop''s currency.';
comment on column raw_shopify.order_taxes.presentment_currency_code is 'ISO 4217 code of the buyer''s currency.';
comment on column raw_shopify.order_taxes.price_shop_amount is 'The tax, in the shop''s currency.';
comment on column raw_shopify.order_taxes.price_presentment_amount is 'The tax, in the buyer''s currency.';
comment on column raw_shopify.order_taxes.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_shopify.order_taxes.content_hash is 'Digest of the record''s own columns.';
comment on column raw_shopify.order_taxes.batch_id is 'The archived batch that this version came with.';
comment on column raw_shopify.order_taxes.loaded_at is 'When this version of the record was landed.';
comment on column raw_shopify.order_taxes.is_deleted is 'Gone at the source.';
