-- Raw tables of the WooCommerce source: customers.
create table raw_woocommerce.customers (
    merchant_id text not null,
    store_id text not null,
    customer_id text not null,
    date_created_gmt timestamp with time zone,
    date_modified_gmt timestamp with time zone,
    email text,
    first_name text,
    last_name text,
    username text,
    role text,
    is_paying_customer boolean,
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
    billing_email text,
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
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint customers_pkey primary key (merchant_id, store_id, customer_id)
);

comment on table raw_woocommerce.customers is 'One record per account of the shop; who buys as a guest has none.';
comment on column raw_woocommerce.customers.merchant_id is 'The tenant.';
comment on column raw_woocommerce.customers.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_woocommerce.customers.customer_id is 'WooCommerce''s customer id.';
comment on column raw_woocommerce.customers.date_created_gmt is 'When the account was made.';
comment on column raw_woocommerce.customers.date_modified_gmt is
'When the account was last changed; an order changes it too.';
comment on column raw_woocommerce.customers.email is 'The account''s address.';
comment on column raw_woocommerce.customers.first_name is 'Given name.';
comment on column raw_woocommerce.customers.last_name is 'Family name.';
comment on column raw_woocommerce.customers.username is 'The name to log in with.';
comment on column raw_woocommerce.customers.role is
'The account''s role, such as customer, subscriber or administrator.';
comment on column raw_woocommerce.customers.is_paying_customer is
'Whether WooCommerce has seen a paid order of theirs.';
comment on column raw_woocommerce.customers.billing_first_name is 'Given name of the bill.';
comment on column raw_woocommerce.customers.billing_last_name is 'Family name of the bill.';
comment on column raw_woocommerce.customers.billing_company is 'Company of the bill.';
comment on column raw_woocommerce.customers.billing_address_1 is 'Street and number of the bill.';
comment on column raw_woocommerce.customers.billing_address_2 is 'Second line of the street of the bill.';
comment on column raw_woocommerce.customers.billing_city is 'City of the bill.';
comment on column raw_woocommerce.customers.billing_postcode is 'Postal code of the bill.';
comment on column raw_woocommerce.customers.billing_phone is 'Telephone number of the bill.';
comment on column raw_woocommerce.customers.billing_state is
'State or province of the bill, as WooCommerce abbreviates it.';
comment on column raw_woocommerce.customers.billing_country is 'ISO 3166 code of the country of the bill.';
comment on column raw_woocommerce.customers.billing_email is 'The address for bills.';
comment on column raw_woocommerce.customers.shipping_first_name is 'Given name of the delivery.';
comment on column raw_woocommerce.customers.shipping_last_name is 'Family name of the delivery.';
comment on column raw_woocommerce.customers.shipping_company is 'Company of the delivery.';
comment on column raw_woocommerce.customers.shipping_address_1 is 'Street and number of the delivery.';
comment on column raw_woocommerce.customers.shipping_address_2 is 'Second line of the street of the delivery.';
comment on column raw_woocommerce.customers.shipping_city is 'City of the delivery.';
comment on column raw_woocommerce.customers.shipping_postcode is 'Postal code of the delivery.';
comment on column raw_woocommerce.customers.shipping_phone is 'Telephone number of the delivery.';
comment on column raw_woocommerce.customers.shipping_state is
'State or province of the delivery, as WooCommerce abbreviates it.';
comment on column raw_woocommerce.customers.shipping_country is 'ISO 3166 code of the country of the delivery.';
comment on column raw_woocommerce.customers.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_woocommerce.customers.content_hash is 'Digest of the record''s own columns.';
comment on column raw_woocommerce.customers.batch_id is 'The archived batch that this version came with.';
comment on column raw_woocommerce.customers.loaded_at is 'When this version of the record was landed.';
comment on column raw_woocommerce.customers.is_deleted is 'Gone at the source.';
