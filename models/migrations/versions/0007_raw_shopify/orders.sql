-- Raw tables of the Shopify source: orders.
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
