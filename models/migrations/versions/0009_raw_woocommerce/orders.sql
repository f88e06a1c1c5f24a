-- Raw tables of the WooCommerce source: orders.
create table raw_woocommerce.orders (
    merchant_id text not null,
    store_id text not null,
    order_id text not null,
    number text,
    parent_id text,
    status text not null,
    currency text not null,
    version text,
    prices_include_tax boolean,
    date_created_gmt timestamp with time zone,
    date_modified_gmt timestamp with time zone,
    date_paid_gmt timestamp with time zone,
    date_completed_gmt timestamp with time zone,
    discount_total numeric(18, 4),
    discount_tax numeric(18, 4),
    shipping_total numeric(18, 4),
    shipping_tax numeric(18, 4),
    cart_tax numeric(18, 4),
    total numeric(18, 4) not null,
    total_tax numeric(18, 4),
    customer_id text,
    billing_email text,
    billing_first_name text,
    billing_last_name text,
    billing_company text,
    billing_address_1 text,
    billing_address_2 text,
    billing_city text,
    billing_postcode text,
    billing_phone text,
    billing_state text,
    billing_country text,
    shipping_first_name text,
    shipping_last_name text,
    shipping_company text,
    shipping_address_1 text,
    shipping_address_2 text,
    shipping_city text,
    shipping_postcode text,
    shipping_phone text,
    shipping_state text,
    shipping_country text,
    payment_method text,
    payment_method_title text,
    transaction_id text,
    created_via text,
    customer_note text,
    customer_ip_address text,
    customer_user_agent text,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint orders_pkey primary key (merchant_id, store_id, order_id)
);

comment on table raw_woocommerce.orders is
'One record per order, whatever its status: drafts and what lies in the trash included.';
comment on column raw_woocommerce.orders.merchant_id is 'The tenant.';
comment on column raw_woocommerce.orders.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_woocommerce.orders.order_id is 'WooCommerce''s order id.';
comment on column raw_woocommerce.orders.number is 'The number that the customer knows; plugins change it.';
comment on column raw_woocommerce.orders.parent_id is
'The order that this one belongs to, such as a subscription''s first; 0 for none.';
comment on column raw_woocommerce.orders.status is
'pending, processing, on-hold, completed, cancelled, refunded, failed, checkout-draft, trash, or others.';
comment on column raw_woocommerce.orders.currency is 'ISO 4217 code of every amount of the order.';
comment on column raw_woocommerce.orders.version is 'The version of WooCommerce that last wrote the order.';
comment on column raw_woocommerce.orders.prices_include_tax is
'Whether prices were entered with tax; amounts of lines are without it all the same.';
comment on column raw_woocommerce.orders.date_created_gmt is 'When the order was placed.';
comment on column raw_woocommerce.orders.date_modified_gmt is
'When the order was last changed; deleting a refund does not count as a change.';
comment on column raw_woocommerce.orders.date_paid_gmt is 'When it was paid; null until then.';
comment on column raw_woocommerce.orders.date_completed_gmt is 'When it was completed; null until then.';
comment on column raw_woocommerce.orders.discount_total is 'What coupons took off, before tax.';
comment on column raw_woocommerce.orders.discount_tax is 'What coupons took off the tax.';
comment on column raw_woocommerce.orders.shipping_total is 'Shipping before tax.';
comment on column raw_woocommerce.orders.shipping_tax is 'Tax on shipping.';
comment on column raw_woocommerce.orders.cart_tax is 'Tax on lines and fees.';
comment on column raw_woocommerce.orders.total is
'What the customer paid or owes: lines, fees, shipping and tax; refunds don''t lower it.';
comment on column raw_woocommerce.orders.total_tax is 'All tax of the order.';
comment on column raw_woocommerce.orders.customer_id is
'The customer''s account; 0 for a guest, and when the account was deleted.';
comment on column raw_woocommerce.orders.billing_email is 'The address given with the order, as it was typed.';
comment on column raw_woocommerce.orders.billing_first_name is 'Given name of the bill.';
comment on column raw_woocommerce.orders.billing_last_name is 'Family name of the bill.';
comment on column raw_woocommerce.orders.billing_company is 'Company of the bill.';
comment on column raw_woocommerce.orders.billing_address_1 is 'Street and number of the bill.';
comment on column raw_woocommerce.orders.billing_address_2 is 'Second line of the street of the bill.';
comment on column raw_woocommerce.orders.billing_city is 'City of the bill.';
comment on column raw_woocommerce.orders.billing_postcode is 'Postal code of the bill.';
comment on column raw_woocommerce.orders.billing_phone is 'Telephone number of the bill.';
comment on column raw_woocommerce.orders.billing_state is
'State or province of the bill, as WooCommerce abbreviates it.';
comment on column raw_woocommerce.orders.billing_country is 'ISO 3166 code of the country of the bill.';
comment on column raw_woocommerce.orders.shipping_first_name is 'Given name of the delivery.';
comment on column raw_woocommerce.orders.shipping_last_name is 'Family name of the delivery.';
comment on column raw_woocommerce.orders.shipping_company is 'Company of the delivery.';
comment on column raw_woocommerce.orders.shipping_address_1 is 'Street and number of the delivery.';
comment on column raw_woocommerce.orders.shipping_address_2 is 'Second line of the street of the delivery.';
comment on column raw_woocommerce.orders.shipping_city is 'City of the delivery.';
comment on column raw_woocommerce.orders.shipping_postcode is 'Postal code of the delivery.';
comment on column raw_woocommerce.orders.shipping_phone is 'Telephone number of the delivery.';
comment on column raw_woocommerce.orders.shipping_state is
'State or province of the delivery, as WooCommerce abbreviates it.';
comment on column raw_woocommerce.orders.shipping_country is 'ISO 3166 code of the country of the delivery.';
comment on column raw_woocommerce.orders.payment_method is 'The way of paying, by its id.';
comment on column raw_woocommerce.orders.payment_method_title is 'The way of paying, as the customer saw it.';
comment on column raw_woocommerce.orders.transaction_id is 'The payment''s id at the payment provider.';
comment on column raw_woocommerce.orders.created_via is
'What made the order: checkout, store-api, admin, rest-api, subscription, …';
comment on column raw_woocommerce.orders.customer_note is 'What the customer wrote with the order.';
comment on column raw_woocommerce.orders.customer_ip_address is 'Where the order was placed from.';
comment on column raw_woocommerce.orders.customer_user_agent is 'The browser that it was placed with.';
comment on column raw_woocommerce.orders.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_woocommerce.orders.content_hash is 'Digest of the record''s own columns.';
comment on column raw_woocommerce.orders.batch_id is 'The archived batch that this version came with.';
comment on column raw_woocommerce.orders.loaded_at is 'When this version of the record was landed.';
comment on column raw_woocommerce.orders.is_deleted is 'Gone at the source.';
