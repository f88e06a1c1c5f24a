-- Raw tables of the BigCommerce source: customers and subscribers.
create table raw_bigcommerce.customers (
    merchant_id text not null,
    store_id text not null,
    customer_id text not null,
    email text,
    first_name text,
    last_name text,
    company text,
    phone text,
    notes text,
    registration_ip_address text,
    customer_group_id text,
    tax_exempt_category text,
    accepts_product_review_abandoned_cart_emails boolean,
    store_credit_amount numeric(18, 4),
    address_count bigint,
    attribute_count bigint,
    country_code text,
    origin_channel_id text,
    date_created timestamp with time zone not null,
    date_modified timestamp with time zone not null,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint customers_pkey primary key (merchant_id, store_id, customer_id)
);

comment on table raw_bigcommerce.customers is
'One record per customer with an account; guests stand on their orders only.';
comment on column raw_bigcommerce.customers.merchant_id is 'The tenant.';
comment on column raw_bigcommerce.customers.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_bigcommerce.customers.customer_id is 'The customer''s id.';
comment on column raw_bigcommerce.customers.email is 'Their address.';
comment on column raw_bigcommerce.customers.first_name is 'Given name.';
comment on column raw_bigcommerce.customers.last_name is 'Family name.';
comment on column raw_bigcommerce.customers.company is 'Company.';
comment on column raw_bigcommerce.customers.phone is 'Telephone.';
comment on column raw_bigcommerce.customers.notes is 'What the store''s staff noted.';
comment on column raw_bigcommerce.customers.registration_ip_address is
'The address on the network that they registered from.';
comment on column raw_bigcommerce.customers.customer_group_id is 'The customer group; 0 for none.';
comment on column raw_bigcommerce.customers.tax_exempt_category is 'The code of what they pay no tax on.';
comment on column raw_bigcommerce.customers.accepts_product_review_abandoned_cart_emails is
'Whether they agreed to emails about reviews and abandoned carts; newsletters are in subscribers.';
comment on column raw_bigcommerce.customers.store_credit_amount is 'The store credit that they have.';
comment on column raw_bigcommerce.customers.address_count is 'How many addresses they have.';
comment on column raw_bigcommerce.customers.attribute_count is 'How many attributes they have.';
comment on column raw_bigcommerce.customers.country_code is 'The country of their first address.';
comment on column raw_bigcommerce.customers.origin_channel_id is 'The sales channel that they registered at.';
comment on column raw_bigcommerce.customers.date_created is 'When they registered, in UTC.';
comment on column raw_bigcommerce.customers.date_modified is 'When their account was last changed, in UTC.';
comment on column raw_bigcommerce.customers.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_bigcommerce.customers.content_hash is 'Digest of the record''s own columns.';
comment on column raw_bigcommerce.customers.batch_id is 'The archived batch that this version came with.';
comment on column raw_bigcommerce.customers.loaded_at is 'When this version of the record was landed.';
comment on column raw_bigcommerce.customers.is_deleted is 'Gone at the source.';

create table raw_bigcommerce.subscribers (
    merchant_id text not null,
    store_id text not null,
    subscriber_id text not null,
    email text,
    first_name text,
    last_name text,
    source text,
    order_id text,
    channel_id text,
    has_marketing_newsletter boolean,
    has_abandoned_cart boolean,
    date_created timestamp with time zone,
    date_modified timestamp with time zone,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint subscribers_pkey primary key (merchant_id, store_id, subscriber_id)
);

comment on table raw_bigcommerce.subscribers is
'One record per address that was ever signed up, with what it agrees to now.';
comment on column raw_bigcommerce.subscribers.merchant_id is 'The tenant.';
comment on column raw_bigcommerce.subscribers.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_bigcommerce.subscribers.subscriber_id is 'The subscriber''s id.';
comment on column raw_bigcommerce.subscribers.email is 'Their address.';
comment on column raw_bigcommerce.subscribers.first_name is 'Given name.';
comment on column raw_bigcommerce.subscribers.last_name is 'Family name.';
comment on column raw_bigcommerce.subscribers.source is 'Where they signed up: storefront, order or custom.';
comment on column raw_bigcommerce.subscribers.order_id is 'The order that they signed up with.';
comment on column raw_bigcommerce.subscribers.channel_id is 'The sales channel that they signed up at.';
comment on column raw_bigcommerce.subscribers.has_marketing_newsletter is
'Whether they agree to newsletters now; null where the store does not say.';
comment on column raw_bigcommerce.subscribers.has_abandoned_cart is
'Whether they agree to emails about abandoned carts; null where unsaid.';
comment on column raw_bigcommerce.subscribers.date_created is 'When they signed up, in UTC.';
comment on column raw_bigcommerce.subscribers.date_modified is 'When that was last changed, in UTC.';
comment on column raw_bigcommerce.subscribers.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_bigcommerce.subscribers.content_hash is 'Digest of the record''s own columns.';
comment on column raw_bigcommerce.subscribers.batch_id is 'The archived batch that this version came with.';
comment on column raw_bigcommerce.subscribers.loaded_at is 'When this version of the record was landed.';
comment on column raw_bigcommerce.subscribers.is_deleted is 'Gone at the source.';
