-- The raw tables of the Shopify source, one per stream of models/records/shopify.py.
create schema raw_shopify;

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

create table raw_shopify.customer_aliases (
    merchant_id text not null,
    store_id text not null,
    customer_id text not null,
    merged_into_customer_id text not null,
    order_id text not null,
    noticed_at timestamp with time zone not null,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint customer_aliases_pkey primary key (merchant_id, store_id, customer_id)
);

comment on table raw_shopify.customer_aliases is
'One record per customer that was merged into another and is gone; its orders moved along.';
comment on column raw_shopify.customer_aliases.merchant_id is 'The tenant.';
comment on column raw_shopify.customer_aliases.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_shopify.customer_aliases.customer_id is 'The customer that is gone.';
comment on column raw_shopify.customer_aliases.merged_into_customer_id is 'The customer that has its orders now.';
comment on column raw_shopify.customer_aliases.order_id is 'The order by which it was noticed.';
comment on column raw_shopify.customer_aliases.noticed_at is 'When it was noticed.';
comment on column raw_shopify.customer_aliases.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_shopify.customer_aliases.content_hash is 'Digest of the record''s own columns.';
comment on column raw_shopify.customer_aliases.batch_id is 'The archived batch that this version came with.';
comment on column raw_shopify.customer_aliases.loaded_at is 'When this version of the record was landed.';
comment on column raw_shopify.customer_aliases.is_deleted is 'Gone at the source.';

create table raw_shopify.customers (
    merchant_id text not null,
    store_id text not null,
    customer_id text not null,
    created_at timestamp with time zone not null,
    updated_at timestamp with time zone not null,
    email text,
    phone text,
    first_name text,
    last_name text,
    email_marketing_state text,
    email_marketing_opt_in_level text,
    email_marketing_updated_at timestamp with time zone,
    state text,
    locale text,
    verified_email boolean,
    tax_exempt boolean,
    data_sale_opt_out boolean,
    tags text,
    city text,
    zip text,
    province_code text,
    country_code text,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint customers_pkey primary key (merchant_id, store_id, customer_id)
);

comment on table raw_shopify.customers is
'One record per customer, with the consent to marketing emails that Shopify keeps.';
comment on column raw_shopify.customers.merchant_id is 'The tenant.';
comment on column raw_shopify.customers.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_shopify.customers.customer_id is 'Shopify''s customer id.';
comment on column raw_shopify.customers.created_at is 'When the customer was created.';
comment on column raw_shopify.customers.updated_at is 'When Shopify last changed it.';
comment on column raw_shopify.customers.email is 'The default address.';
comment on column raw_shopify.customers.phone is 'The default telephone number.';
comment on column raw_shopify.customers.first_name is 'Given name.';
comment on column raw_shopify.customers.last_name is 'Family name.';
comment on column raw_shopify.customers.email_marketing_state is
'SUBSCRIBED, NOT_SUBSCRIBED, PENDING, UNSUBSCRIBED, REDACTED or INVALID.';
comment on column raw_shopify.customers.email_marketing_opt_in_level is 'SINGLE_OPT_IN, CONFIRMED_OPT_IN or UNKNOWN.';
comment on column raw_shopify.customers.email_marketing_updated_at is 'When they last agreed or withdrew.';
comment on column raw_shopify.customers.state is 'Of the account: DISABLED, INVITED, ENABLED or DECLINED.';
comment on column raw_shopify.customers.locale is 'Language, such as en or fr-CA.';
comment on column raw_shopify.customers.verified_email is 'Whether the address was verified.';
comment on column raw_shopify.customers.tax_exempt is 'Whether they pay no tax.';
comment on column raw_shopify.customers.data_sale_opt_out is 'Whether they forbade the sale of their data.';
comment on column raw_shopify.customers.tags is 'The merchant''s tags, joined by a comma and a space.';
comment on column raw_shopify.customers.city is 'Of the default address.';
comment on column raw_shopify.customers.zip is 'Of the default address.';
comment on column raw_shopify.customers.province_code is 'State or province of the default address.';
comment on column raw_shopify.customers.country_code is 'ISO 3166 code of the default address''s country.';
comment on column raw_shopify.customers.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_shopify.customers.content_hash is 'Digest of the record''s own columns.';
comment on column raw_shopify.customers.batch_id is 'The archived batch that this version came with.';
comment on column raw_shopify.customers.loaded_at is 'When this version of the record was landed.';
comment on column raw_shopify.customers.is_deleted is 'Gone at the source.';

create table raw_shopify.discount_codes (
    merchant_id text not null,
    store_id text not null,
    discount_id text not null,
    code_id text not null,
    code text not null,
    async_usage_count bigint,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint discount_codes_pkey primary key (merchant_id, store_id, discount_id, code_id)
);

comment on table raw_shopify.discount_codes is 'One record per code of a discount.';
comment on column raw_shopify.discount_codes.merchant_id is 'The tenant.';
comment on column raw_shopify.discount_codes.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_shopify.discount_codes.discount_id is 'Shopify''s id of the discount.';
comment on column raw_shopify.discount_codes.code_id is 'Shopify''s id of the code.';
comment on column raw_shopify.discount_codes.code is 'What customers enter.';
comment on column raw_shopify.discount_codes.async_usage_count is 'How often it was used, as of a while ago.';
comment on column raw_shopify.discount_codes.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_shopify.discount_codes.content_hash is 'Digest of the record''s own columns.';
comment on column raw_shopify.discount_codes.batch_id is 'The archived batch that this version came with.';
comment on column raw_shopify.discount_codes.loaded_at is 'When this version of the record was landed.';
comment on column raw_shopify.discount_codes.is_deleted is 'Gone at the source.';

create table raw_shopify.discounts (
    merchant_id text not null,
    store_id text not null,
    discount_id text not null,
    type text not null,
    is_automatic boolean not null,
    title text,
    status text,
    summary text,
    discount_classes text,
    value_percentage numeric(18, 8),
    value_amount numeric(18, 4),
    value_currency_code text,
    starts_at timestamp with time zone,
    ends_at timestamp with time zone,
    usage_limit bigint,
    applies_once_per_customer boolean,
    async_usage_count bigint,
    created_at timestamp with time zone not null,
    updated_at timestamp with time zone not null,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint discounts_pkey primary key (merchant_id, store_id, discount_id)
);

comment on table raw_shopify.discounts is
'One record per discount of the shop, by code or automatic, expired ones included.';
comment on column raw_shopify.discounts.merchant_id is 'The tenant.';
comment on column raw_shopify.discounts.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_shopify.discounts.discount_id is 'Shopify''s id of the discount.';
comment on column raw_shopify.discounts.type is
'Shopify''s kind, such as DiscountCodeBasic or DiscountAutomaticFreeShipping.';
comment on column raw_shopify.discounts.is_automatic is 'Whether it needs no code.';
comment on column raw_shopify.discounts.title is 'Its title.';
comment on column raw_shopify.discounts.status is 'ACTIVE, EXPIRED or SCHEDULED.';
comment on column raw_shopify.discounts.summary is 'What it does, in Shopify''s words; apps'' discounts have none.';
comment on column raw_shopify.discounts.discount_classes is
'ORDER, PRODUCT or SHIPPING, joined by a comma and a space.';
comment on column raw_shopify.discounts.value_percentage is
'What it takes off as a share, such as 0.1; null for other kinds.';
comment on column raw_shopify.discounts.value_amount is 'What it takes off as an amount; null for other kinds.';
comment on column raw_shopify.discounts.value_currency_code is 'ISO 4217 code of the amount.';
comment on column raw_shopify.discounts.starts_at is 'When it begins.';
comment on column raw_shopify.discounts.ends_at is 'When it ends; null for never.';
comment on column raw_shopify.discounts.usage_limit is 'How often it may be used; null for any number.';
comment on column raw_shopify.discounts.applies_once_per_customer is 'Whether a customer may use it once only.';
comment on column raw_shopify.discounts.async_usage_count is 'How often it was used, as of a while ago.';
comment on column raw_shopify.discounts.created_at is 'When it was created.';
comment on column raw_shopify.discounts.updated_at is 'When Shopify last changed it.';
comment on column raw_shopify.discounts.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_shopify.discounts.content_hash is 'Digest of the record''s own columns.';
comment on column raw_shopify.discounts.batch_id is 'The archived batch that this version came with.';
comment on column raw_shopify.discounts.loaded_at is 'When this version of the record was landed.';
comment on column raw_shopify.discounts.is_deleted is 'Gone at the source.';

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

create table raw_shopify.orders (
    merchant_id text not null,
    store_id text not null,
    order_id text not null,
    name text,
    created_at timestamp with time zone not null,
    processed_at timestamp with time zone not null,
    updated_at timestamp with time zone not null,
    cancelled_at timestamp with time zone,
    closed_at timestamp with time zone,
    cancel_reason text,
    test boolean not null,
    confirmed boolean,
    edited boolean,
    taxes_included boolean not null,
    duties_included boolean,
    tax_exempt boolean,
    display_financial_status text,
    display_fulfillment_status text,
    return_status text,
    customer_id text,
    email text,
    phone text,
    customer_locale text,
    source_name text,
    app_name text,
    tags text,
    discount_codes text,
    payment_gateway_names text,
    shipping_province_code text,
    shipping_country_code text,
    currency_code text not null,
    presentment_currency_code text not null,
    subtotal_line_items_quantity bigint,
    current_subtotal_line_items_quantity bigint,
    total_price_shop_amount numeric(18, 4) not null,
    total_price_presentment_amount numeric(18, 4) not null,
    original_total_price_shop_amount numeric(18, 4) not null,
    original_total_price_presentment_amount numeric(18, 4) not null,
    current_total_price_shop_amount numeric(18, 4) not null,
    current_total_price_presentment_amount numeric(18, 4) not null,
    subtotal_price_shop_amount numeric(18, 4),
    subtotal_price_presentment_amount numeric(18, 4),
    current_subtotal_price_shop_amount numeric(18, 4),
    current_subtotal_price_presentment_amount numeric(18, 4),
    total_discounts_shop_amount numeric(18, 4),
    total_discounts_presentment_amount numeric(18, 4),
    current_total_discounts_shop_amount numeric(18, 4),
    current_total_discounts_presentment_amount numeric(18, 4),
    cart_discount_amount_shop_amount numeric(18, 4),
    cart_discount_amount_presentment_amount numeric(18, 4),
    total_tax_shop_amount numeric(18, 4),
    total_tax_presentment_amount numeric(18, 4),
    current_total_tax_shop_amount numeric(18, 4),
    current_total_tax_presentment_amount numeric(18, 4),
    total_shipping_price_shop_amount numeric(18, 4),
    total_shipping_price_presentment_amount numeric(18, 4),
    current_shipping_price_shop_amount numeric(18, 4),
    current_shipping_price_presentment_amount numeric(18, 4),
    total_tip_received_shop_amount numeric(18, 4),
    total_tip_received_presentment_amount numeric(18, 4),
    original_total_duties_shop_amount numeric(18, 4),
    original_total_duties_presentment_amount numeric(18, 4),
    current_total_duties_shop_amount numeric(18, 4),
    current_total_duties_presentment_amount numeric(18, 4),
    original_total_additional_fees_shop_amount numeric(18, 4),
    original_total_additional_fees_presentment_amount numeric(18, 4),
    current_total_additional_fees_shop_amount numeric(18, 4),
    current_total_additional_fees_presentment_amount numeric(18, 4),
    cash_rounding_payment_shop_amount numeric(18, 4),
    cash_rounding_payment_presentment_amount numeric(18, 4),
    cash_rounding_refund_shop_amount numeric(18, 4),
    cash_rounding_refund_presentment_amount numeric(18, 4),
    total_received_shop_amount numeric(18, 4),
    total_received_presentment_amount numeric(18, 4),
    total_refunded_shop_amount numeric(18, 4),
    total_refunded_presentment_amount numeric(18, 4),
    total_refunded_shipping_shop_amount numeric(18, 4),
    total_refunded_shipping_presentment_amount numeric(18, 4),
    refund_discrepancy_shop_amount numeric(18, 4),
    refund_discrepancy_presentment_amount numeric(18, 4),
    net_payment_shop_amount numeric(18, 4),
    net_payment_presentment_amount numeric(18, 4),
    total_outstanding_shop_amount numeric(18, 4),
    total_outstanding_presentment_amount numeric(18, 4),
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint orders_pkey primary key (merchant_id, store_id, order_id)
);

comment on table raw_shopify.orders is 'One record per order, cancelled, archived and test orders included.';
comment on column raw_shopify.orders.merchant_id is 'The tenant.';
comment on column raw_shopify.orders.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_shopify.orders.order_id is 'Shopify''s order id.';
comment on column raw_shopify.orders.name is 'The number that the customer knows, such as 1001 behind a number sign.';
comment on column raw_shopify.orders.created_at is 'When it came into Shopify; an import has the day of the import.';
comment on column raw_shopify.orders.processed_at is 'When it was placed, wherever that was.';
comment on column raw_shopify.orders.updated_at is 'When Shopify last changed it.';
comment on column raw_shopify.orders.cancelled_at is 'When it was cancelled; null otherwise.';
comment on column raw_shopify.orders.closed_at is 'When it was archived; null while it is open.';
comment on column raw_shopify.orders.cancel_reason is 'CUSTOMER, DECLINED, FRAUD, INVENTORY, STAFF or OTHER.';
comment on column raw_shopify.orders.test is 'Whether it was paid at a test gateway.';
comment on column raw_shopify.orders.confirmed is 'Whether stock was reserved for it.';
comment on column raw_shopify.orders.edited is 'Whether its lines were edited after it was placed.';
comment on column raw_shopify.orders.taxes_included is 'Whether prices and subtotal hold the tax.';
comment on column raw_shopify.orders.duties_included is 'Whether prices and subtotal hold the duties.';
comment on column raw_shopify.orders.tax_exempt is 'Whether it pays no tax.';
comment on column raw_shopify.orders.display_financial_status is
'PENDING, AUTHORIZED, PARTIALLY_PAID, PAID, PARTIALLY_REFUNDED, REFUNDED, VOIDED or EXPIRED; null: none.';
comment on column raw_shopify.orders.display_fulfillment_status is 'How much of it was shipped.';
comment on column raw_shopify.orders.return_status is 'How far returns have come.';
comment on column raw_shopify.orders.customer_id is 'The customer; null for none, as at a till and after a redaction.';
comment on column raw_shopify.orders.email is 'The address given with the order.';
comment on column raw_shopify.orders.phone is 'The telephone number given with the order.';
comment on column raw_shopify.orders.customer_locale is 'The buyer''s language.';
comment on column raw_shopify.orders.source_name is 'Where it came from, such as web, pos, or an app''s id.';
comment on column raw_shopify.orders.app_name is 'The sales channel or app that made it.';
comment on column raw_shopify.orders.tags is 'The merchant''s tags, joined by a comma and a space.';
comment on column raw_shopify.orders.discount_codes is 'The codes used, joined by a comma and a space.';
comment on column raw_shopify.orders.payment_gateway_names is 'The ways of paying, joined by a comma and a space.';
comment on column raw_shopify.orders.shipping_province_code is 'State or province that it goes to.';
comment on column raw_shopify.orders.shipping_country_code is 'ISO 3166 code of the country that it goes to.';
comment on column raw_shopify.orders.currency_code is 'ISO 4217 code of the shop''s currency.';
comment on column raw_shopify.orders.presentment_currency_code is 'ISO 4217 code of the buyer''s currency.';
comment on column raw_shopify.orders.subtotal_line_items_quantity is 'Items that count in the subtotal, as sold.';
comment on column raw_shopify.orders.current_subtotal_line_items_quantity is
'Items that count in the subtotal, after edits and returns.';
comment on column raw_shopify.orders.total_price_shop_amount is
'The total before returns: lines, discounts, tax, shipping, tips, in the shop''s currency.';
comment on column raw_shopify.orders.total_price_presentment_amount is
'The total before returns: lines, discounts, tax, shipping, tips, in the buyer''s currency.';
comment on column raw_shopify.orders.original_total_price_shop_amount is
'The total when the order was placed, in the shop''s currency.';
comment on column raw_shopify.orders.original_total_price_presentment_amount is
'The total when the order was placed, in the buyer''s currency.';
comment on column raw_shopify.orders.current_total_price_shop_amount is
'The total after edits and returns, in the shop''s currency.';
comment on column raw_shopify.orders.current_total_price_presentment_amount is
'The total after edits and returns, in the buyer''s currency.';
comment on column raw_shopify.orders.subtotal_price_shop_amount is
'Lines after discounts and before returns; with tax where prices include it, in the shop''s currency.';
comment on column raw_shopify.orders.subtotal_price_presentment_amount is
'Lines after discounts and before returns; with tax where prices include it, in the buyer''s currency.';
comment on column raw_shopify.orders.current_subtotal_price_shop_amount is
'The subtotal after edits and returns, in the shop''s currency.';
comment on column raw_shopify.orders.current_subtotal_price_presentment_amount is
'The subtotal after edits and returns, in the buyer''s currency.';
comment on column raw_shopify.orders.total_discounts_shop_amount is
'All discounts before returns, of lines and of the order, in the shop''s currency.';
comment on column raw_shopify.orders.total_discounts_presentment_amount is
'All discounts before returns, of lines and of the order, in the buyer''s currency.';
comment on column raw_shopify.orders.current_total_discounts_shop_amount is
'All discounts after edits and returns, in the shop''s currency.';
comment on column raw_shopify.orders.current_total_discounts_presentment_amount is
'All discounts after edits and returns, in the buyer''s currency.';
comment on column raw_shopify.orders.cart_discount_amount_shop_amount is
'Discounts that apply to the whole order, before returns, in the shop''s currency.';
comment on column raw_shopify.orders.cart_discount_amount_presentment_amount is
'Discounts that apply to the whole order, before returns, in the buyer''s currency.';
comment on column raw_shopify.orders.total_tax_shop_amount is 'Tax before returns, in the shop''s currency.';
comment on column raw_shopify.orders.total_tax_presentment_amount is 'Tax before returns, in the buyer''s currency.';
comment on column raw_shopify.orders.current_total_tax_shop_amount is
'Tax after edits and returns, in the shop''s currency.';
comment on column raw_shopify.orders.current_total_tax_presentment_amount is
'Tax after edits and returns, in the buyer''s currency.';
comment on column raw_shopify.orders.total_shipping_price_shop_amount is
'Shipping before returns, in the shop''s currency.';
comment on column raw_shopify.orders.total_shipping_price_presentment_amount is
'Shipping before returns, in the buyer''s currency.';
comment on column raw_shopify.orders.current_shipping_price_shop_amount is
'Shipping after discounts and refunds, in the shop''s currency.';
comment on column raw_shopify.orders.current_shipping_price_presentment_amount is
'Shipping after discounts and refunds, in the buyer''s currency.';
comment on column raw_shopify.orders.total_tip_received_shop_amount is 'Tips, in the shop''s currency.';
comment on column raw_shopify.orders.total_tip_received_presentment_amount is 'Tips, in the buyer''s currency.';
comment on column raw_shopify.orders.original_total_duties_shop_amount is
'Duties when the order was placed; null for none, in the shop''s currency.';
comment on column raw_shopify.orders.original_total_duties_presentment_amount is
'Duties when the order was placed; null for none, in the buyer''s currency.';
comment on column raw_shopify.orders.current_total_duties_shop_amount is
'Duties after edits and returns; null for none, in the shop''s currency.';
comment on column raw_shopify.orders.current_total_duties_presentment_amount is
'Duties after edits and returns; null for none, in the buyer''s currency.';
comment on column raw_shopify.orders.original_total_additional_fees_shop_amount is
'Fees when the order was placed; null for none, in the shop''s currency.';
comment on column raw_shopify.orders.original_total_additional_fees_presentment_amount is
'Fees when the order was placed; null for none, in the buyer''s currency.';
comment on column raw_shopify.orders.current_total_additional_fees_shop_amount is
'Fees after edits and returns; null for none, in the shop''s currency.';
comment on column raw_shopify.orders.current_total_additional_fees_presentment_amount is
'Fees after edits and returns; null for none, in the buyer''s currency.';
comment on column raw_shopify.orders.cash_rounding_payment_shop_amount is
'What rounding to the nearest coin changed in payments; no part of the total, in the shop''s currency.';
comment on column raw_shopify.orders.cash_rounding_payment_presentment_amount is
'What rounding to the nearest coin changed in payments; no part of the total, in the buyer''s currency.';
comment on column raw_shopify.orders.cash_rounding_refund_shop_amount is
'What rounding to the nearest coin changed in refunds, in the shop''s currency.';
comment on column raw_shopify.orders.cash_rounding_refund_presentment_amount is
'What rounding to the nearest coin changed in refunds, in the buyer''s currency.';
comment on column raw_shopify.orders.total_received_shop_amount is
'What was received before returns, in the shop''s currency.';
comment on column raw_shopify.orders.total_received_presentment_amount is
'What was received before returns, in the buyer''s currency.';
comment on column raw_shopify.orders.total_refunded_shop_amount is 'What was refunded, in the shop''s currency.';
comment on column raw_shopify.orders.total_refunded_presentment_amount is
'What was refunded, in the buyer''s currency.';
comment on column raw_shopify.orders.total_refunded_shipping_shop_amount is
'What was refunded for shipping, in the shop''s currency.';
comment on column raw_shopify.orders.total_refunded_shipping_presentment_amount is
'What was refunded for shipping, in the buyer''s currency.';
comment on column raw_shopify.orders.refund_discrepancy_shop_amount is
'By how much refunds differ from what Shopify suggested, in the shop''s currency.';
comment on column raw_shopify.orders.refund_discrepancy_presentment_amount is
'By how much refunds differ from what Shopify suggested, in the buyer''s currency.';
comment on column raw_shopify.orders.net_payment_shop_amount is 'Received less refunded, in the shop''s currency.';
comment on column raw_shopify.orders.net_payment_presentment_amount is
'Received less refunded, in the buyer''s currency.';
comment on column raw_shopify.orders.total_outstanding_shop_amount is
'What is still owed; below zero to the customer, in the shop''s currency.';
comment on column raw_shopify.orders.total_outstanding_presentment_amount is
'What is still owed; below zero to the customer, in the buyer''s currency.';
comment on column raw_shopify.orders.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_shopify.orders.content_hash is 'Digest of the record''s own columns.';
comment on column raw_shopify.orders.batch_id is 'The archived batch that this version came with.';
comment on column raw_shopify.orders.loaded_at is 'When this version of the record was landed.';
comment on column raw_shopify.orders.is_deleted is 'Gone at the source.';

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

create table raw_shopify.shop (
    merchant_id text not null,
    store_id text not null,
    shop_id text not null,
    name text,
    myshopify_domain text,
    url text,
    currency_code text not null,
    iana_timezone text not null,
    taxes_included boolean,
    plan_name text,
    is_shopify_plus boolean,
    is_partner_development boolean,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint shop_pkey primary key (merchant_id, store_id, shop_id)
);

comment on table raw_shopify.shop is 'One record per shop: its name, its currency and the clock that its days follow.';
comment on column raw_shopify.shop.merchant_id is 'The tenant.';
comment on column raw_shopify.shop.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_shopify.shop.shop_id is 'Shopify''s id of the shop.';
comment on column raw_shopify.shop.name is 'Its name.';
comment on column raw_shopify.shop.myshopify_domain is 'Its address at Shopify, which never changes.';
comment on column raw_shopify.shop.url is 'Its address as visitors see it.';
comment on column raw_shopify.shop.currency_code is 'ISO 4217 code of the shop''s currency.';
comment on column raw_shopify.shop.iana_timezone is 'IANA zone of the shop''s days.';
comment on column raw_shopify.shop.taxes_included is 'Whether the merchant enters prices with tax.';
comment on column raw_shopify.shop.plan_name is 'Its Shopify plan.';
comment on column raw_shopify.shop.is_shopify_plus is 'Whether the plan is Shopify Plus.';
comment on column raw_shopify.shop.is_partner_development is
'Whether it is a partner''s development store, which takes no real orders.';
comment on column raw_shopify.shop.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_shopify.shop.content_hash is 'Digest of the record''s own columns.';
comment on column raw_shopify.shop.batch_id is 'The archived batch that this version came with.';
comment on column raw_shopify.shop.loaded_at is 'When this version of the record was landed.';
comment on column raw_shopify.shop.is_deleted is 'Gone at the source.';

create table raw_shopify.transactions (
    merchant_id text not null,
    store_id text not null,
    order_id text not null,
    transaction_id text not null,
    refund_id text,
    parent_transaction_id text,
    kind text not null,
    status text not null,
    gateway text,
    error_code text,
    payment_id text,
    test boolean not null,
    created_at timestamp with time zone not null,
    processed_at timestamp with time zone,
    currency_code text not null,
    presentment_currency_code text not null,
    amount_shop_amount numeric(18, 4) not null,
    amount_presentment_amount numeric(18, 4) not null,
    amount_rounding_shop_amount numeric(18, 4),
    amount_rounding_presentment_amount numeric(18, 4),
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint transactions_pkey primary key (merchant_id, store_id, order_id, transaction_id)
);

comment on table raw_shopify.transactions is 'One record per payment, refund or attempt at one.';
comment on column raw_shopify.transactions.merchant_id is 'The tenant.';
comment on column raw_shopify.transactions.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_shopify.transactions.order_id is 'Shopify''s order id.';
comment on column raw_shopify.transactions.transaction_id is 'Shopify''s id of it.';
comment on column raw_shopify.transactions.refund_id is 'The refund that it belongs to; null for none.';
comment on column raw_shopify.transactions.parent_transaction_id is
'The transaction that it follows, such as a capture''s authorization.';
comment on column raw_shopify.transactions.kind is 'SALE, CAPTURE, AUTHORIZATION, VOID, REFUND, CHANGE, ….';
comment on column raw_shopify.transactions.status is 'SUCCESS, FAILURE, PENDING, ERROR, AWAITING_RESPONSE or UNKNOWN.';
comment on column raw_shopify.transactions.gateway is 'The way of paying; gift_card for gift cards.';
comment on column raw_shopify.transactions.error_code is 'Why it failed.';
comment on column raw_shopify.transactions.payment_id is 'The payment''s id at the way of paying.';
comment on column raw_shopify.transactions.test is 'Whether nothing was really paid.';
comment on column raw_shopify.transactions.created_at is 'When it was made.';
comment on column raw_shopify.transactions.processed_at is 'When it was carried out.';
comment on column raw_shopify.transactions.currency_code is 'ISO 4217 code of the shop''s currency.';
comment on column raw_shopify.transactions.presentment_currency_code is 'ISO 4217 code of the buyer''s currency.';
comment on column raw_shopify.transactions.amount_shop_amount is
'The amount, above zero for refunds too, in the shop''s currency.';
comment on column raw_shopify.transactions.amount_presentment_amount is
'The amount, above zero for refunds too, in the buyer''s currency.';
comment on column raw_shopify.transactions.amount_rounding_shop_amount is
'What rounding to the nearest coin changed; null for none, in the shop''s currency.';
comment on column raw_shopify.transactions.amount_rounding_presentment_amount is
'What rounding to the nearest coin changed; null for none, in the buyer''s currency.';
comment on column raw_shopify.transactions.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_shopify.transactions.content_hash is 'Digest of the record''s own columns.';
comment on column raw_shopify.transactions.batch_id is 'The archived batch that this version came with.';
comment on column raw_shopify.transactions.loaded_at is 'When this version of the record was landed.';
comment on column raw_shopify.transactions.is_deleted is 'Gone at the source.';
