-- Raw tables of the BigCommerce source: orders.
create table raw_bigcommerce.orders (
    merchant_id text not null,
    store_id text not null,
    order_id text not null,
    customer_id text,
    date_created timestamp with time zone not null,
    date_modified timestamp with time zone not null,
    date_shipped timestamp with time zone,
    status_id bigint not null,
    status text,
    payment_status text,
    payment_method text,
    payment_provider_id text,
    is_archived boolean,
    order_source text,
    channel_id text,
    cart_id text,
    external_source text,
    external_id text,
    external_order_id text,
    external_merchant_id text,
    default_currency_code text not null,
    currency_code text,
    currency_exchange_rate numeric(24, 10),
    store_default_currency_code text,
    store_default_to_transactional_exchange_rate numeric(24, 10),
    is_tax_inclusive_pricing boolean,
    subtotal_ex_tax numeric(18, 4),
    subtotal_inc_tax numeric(18, 4),
    subtotal_tax numeric(18, 4),
    base_shipping_cost numeric(18, 4),
    shipping_cost_ex_tax numeric(18, 4),
    shipping_cost_inc_tax numeric(18, 4),
    shipping_cost_tax numeric(18, 4),
    base_handling_cost numeric(18, 4),
    handling_cost_ex_tax numeric(18, 4),
    handling_cost_inc_tax numeric(18, 4),
    handling_cost_tax numeric(18, 4),
    base_wrapping_cost numeric(18, 4),
    wrapping_cost_ex_tax numeric(18, 4),
    wrapping_cost_inc_tax numeric(18, 4),
    wrapping_cost_tax numeric(18, 4),
    discount_amount numeric(18, 4),
    coupon_discount numeric(18, 4),
    total_ex_tax numeric(18, 4) not null,
    total_inc_tax numeric(18, 4) not null,
    total_tax numeric(18, 4),
    store_credit_amount numeric(18, 4),
    gift_certificate_amount numeric(18, 4),
    refunded_amount numeric(18, 4),
    items_total bigint,
    items_shipped bigint,
    order_is_digital boolean,
    tax_provider_id text,
    customer_locale text,
    is_email_opt_in boolean,
    geoip_country_iso2 text,
    ip_address text,
    billing_email text,
    billing_first_name text,
    billing_last_name text,
    billing_company text,
    billing_phone text,
    billing_street_1 text,
    billing_street_2 text,
    billing_city text,
    billing_zip text,
    billing_state text,
    billing_country_iso2 text,
    customer_message text,
    staff_notes text,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint orders_pkey primary key (merchant_id, store_id, order_id)
);

comment on table raw_bigcommerce.orders is
'One record per order in any status, incomplete, declined and archived ones among them.';
comment on column raw_bigcommerce.orders.merchant_id is 'The tenant.';
comment on column raw_bigcommerce.orders.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_bigcommerce.orders.order_id is 'The order''s number.';
comment on column raw_bigcommerce.orders.customer_id is 'The customer''s id; 0 for a guest.';
comment on column raw_bigcommerce.orders.date_created is 'When the order was placed, in UTC.';
comment on column raw_bigcommerce.orders.date_modified is 'When the order was last changed, in UTC.';
comment on column raw_bigcommerce.orders.date_shipped is 'When the whole order had been shipped, in UTC.';
comment on column raw_bigcommerce.orders.status_id is
'0 incomplete, 1 pending, 2 shipped, 3 partially shipped, 4 refunded, 5 cancelled, 6 declined, 7 awaiting payment,'
' 8 awaiting pickup, 9 awaiting shipment, 10 completed, 11 awaiting fulfillment,'
' 12 manual verification required, 13 disputed, 14 partially refunded.';
comment on column raw_bigcommerce.orders.status is 'The status in the words of the store, which may have renamed it.';
comment on column raw_bigcommerce.orders.payment_status is
'How far the payment is, such as captured, declined, refunded or void.';
comment on column raw_bigcommerce.orders.payment_method is 'How it was paid, in the store''s words.';
comment on column raw_bigcommerce.orders.payment_provider_id is 'The payment''s id at the provider.';
comment on column raw_bigcommerce.orders.is_archived is
'Whether the merchant deleted the order, which BigCommerce calls archiving.';
comment on column raw_bigcommerce.orders.order_source is
'Where the order was made: www, iphone, manual, external and others.';
comment on column raw_bigcommerce.orders.channel_id is 'The sales channel.';
comment on column raw_bigcommerce.orders.cart_id is 'The cart that the order was made from.';
comment on column raw_bigcommerce.orders.external_source is 'The system that handed the order in.';
comment on column raw_bigcommerce.orders.external_id is 'The order''s id in another system, such as a marketplace.';
comment on column raw_bigcommerce.orders.external_order_id is
'The order''s id in another system, as set by an integration.';
comment on column raw_bigcommerce.orders.external_merchant_id is 'The merchant''s id in another system.';
comment on column raw_bigcommerce.orders.default_currency_code is
'The currency that the buyer paid in: the currency of all amounts.';
comment on column raw_bigcommerce.orders.currency_code is 'The currency in which prices were shown.';
comment on column raw_bigcommerce.orders.currency_exchange_rate is 'From the store''s currency to the one shown.';
comment on column raw_bigcommerce.orders.store_default_currency_code is
'The store''s own currency, where several are in use.';
comment on column raw_bigcommerce.orders.store_default_to_transactional_exchange_rate is
'How much of the currency paid in one unit of the store''s currency was; null where only one is in use.';
comment on column raw_bigcommerce.orders.is_tax_inclusive_pricing is
'Whether the store''s prices hold the tax already.';
comment on column raw_bigcommerce.orders.subtotal_ex_tax is
'The lines, before discounts on the order and coupons, without tax.';
comment on column raw_bigcommerce.orders.subtotal_inc_tax is
'The lines, before discounts on the order and coupons, with tax.';
comment on column raw_bigcommerce.orders.subtotal_tax is
'The tax in it: the lines, before discounts on the order and coupons.';
comment on column raw_bigcommerce.orders.base_shipping_cost is 'What shipping costs before discounts.';
comment on column raw_bigcommerce.orders.shipping_cost_ex_tax is 'Shipping, without tax.';
comment on column raw_bigcommerce.orders.shipping_cost_inc_tax is 'Shipping, with tax.';
comment on column raw_bigcommerce.orders.shipping_cost_tax is 'The tax in it: shipping.';
comment on column raw_bigcommerce.orders.base_handling_cost is 'What handling costs before discounts.';
comment on column raw_bigcommerce.orders.handling_cost_ex_tax is 'Handling, without tax.';
comment on column raw_bigcommerce.orders.handling_cost_inc_tax is 'Handling, with tax.';
comment on column raw_bigcommerce.orders.handling_cost_tax is 'The tax in it: handling.';
comment on column raw_bigcommerce.orders.base_wrapping_cost is 'What gift wrapping costs before discounts.';
comment on column raw_bigcommerce.orders.wrapping_cost_ex_tax is 'Gift wrapping, without tax.';
comment on column raw_bigcommerce.orders.wrapping_cost_inc_tax is 'Gift wrapping, with tax.';
comment on column raw_bigcommerce.orders.wrapping_cost_tax is 'The tax in it: gift wrapping.';
comment on column raw_bigcommerce.orders.discount_amount is
'Discounts on the order, promotions and manual ones, coupons left aside.';
comment on column raw_bigcommerce.orders.coupon_discount is 'What coupons took off.';
comment on column raw_bigcommerce.orders.total_ex_tax is 'The order''s total without tax.';
comment on column raw_bigcommerce.orders.total_inc_tax is 'The order''s total with tax, before refunds.';
comment on column raw_bigcommerce.orders.total_tax is 'The order''s tax in all.';
comment on column raw_bigcommerce.orders.store_credit_amount is 'How much of it was paid with store credit.';
comment on column raw_bigcommerce.orders.gift_certificate_amount is 'How much of it was paid with gift certificates.';
comment on column raw_bigcommerce.orders.refunded_amount is
'The platform''s own figure, which is 0 whatever was refunded: see refunds.';
comment on column raw_bigcommerce.orders.items_total is 'Items in the order.';
comment on column raw_bigcommerce.orders.items_shipped is 'Items shipped so far.';
comment on column raw_bigcommerce.orders.order_is_digital is 'Whether nothing in it has to be shipped.';
comment on column raw_bigcommerce.orders.tax_provider_id is 'Who worked out the tax.';
comment on column raw_bigcommerce.orders.customer_locale is 'The buyer''s language.';
comment on column raw_bigcommerce.orders.is_email_opt_in is
'Whether the buyer ticked the box for emails at the checkout.';
comment on column raw_bigcommerce.orders.geoip_country_iso2 is
'The country that the buyer''s address on the network points to.';
comment on column raw_bigcommerce.orders.ip_address is 'The buyer''s address on the network.';
comment on column raw_bigcommerce.orders.billing_email is 'The address given with the order.';
comment on column raw_bigcommerce.orders.billing_first_name is 'Given name of who pays.';
comment on column raw_bigcommerce.orders.billing_last_name is 'Family name of who pays.';
comment on column raw_bigcommerce.orders.billing_company is 'Company of who pays.';
comment on column raw_bigcommerce.orders.billing_phone is 'Telephone of who pays.';
comment on column raw_bigcommerce.orders.billing_street_1 is 'Street of who pays.';
comment on column raw_bigcommerce.orders.billing_street_2 is 'Street of who pays, second line.';
comment on column raw_bigcommerce.orders.billing_city is 'City of who pays.';
comment on column raw_bigcommerce.orders.billing_zip is 'Postal code of who pays.';
comment on column raw_bigcommerce.orders.billing_state is 'State or province of who pays.';
comment on column raw_bigcommerce.orders.billing_country_iso2 is 'Country of who pays.';
comment on column raw_bigcommerce.orders.customer_message is 'What the buyer wrote with the order.';
comment on column raw_bigcommerce.orders.staff_notes is 'What the store''s staff noted.';
comment on column raw_bigcommerce.orders.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_bigcommerce.orders.content_hash is 'Digest of the record''s own columns.';
comment on column raw_bigcommerce.orders.batch_id is 'The archived batch that this version came with.';
comment on column raw_bigcommerce.orders.loaded_at is 'When this version of the record was landed.';
comment on column raw_bigcommerce.orders.is_deleted is 'Gone at the source.';
