-- Raw tables of the Shopify source: customers, and the ids that merged ones had.
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
