-- Raw tables of the BigCommerce source: the store itself and its currencies.
create table raw_bigcommerce.shop (
    merchant_id text not null,
    store_id text not null,
    shop_id text not null,
    name text,
    domain text,
    secure_url text,
    status text,
    currency text not null,
    decimal_places bigint,
    timezone_name text,
    country_code text,
    language text,
    plan_name text,
    plan_level text,
    is_price_entered_with_tax boolean,
    multi_storefront_enabled boolean,
    default_channel_id text,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint shop_pkey primary key (merchant_id, store_id, shop_id)
);

comment on table raw_bigcommerce.shop is 'One record per store: the store itself.';
comment on column raw_bigcommerce.shop.merchant_id is 'The tenant.';
comment on column raw_bigcommerce.shop.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_bigcommerce.shop.shop_id is 'The store''s hash.';
comment on column raw_bigcommerce.shop.name is 'Its name.';
comment on column raw_bigcommerce.shop.domain is 'Its address.';
comment on column raw_bigcommerce.shop.secure_url is 'Its address with https.';
comment on column raw_bigcommerce.shop.status is 'Its status, such as live.';
comment on column raw_bigcommerce.shop.currency is 'Its own currency.';
comment on column raw_bigcommerce.shop.decimal_places is 'How many decimal places that is shown with.';
comment on column raw_bigcommerce.shop.timezone_name is 'Its time zone.';
comment on column raw_bigcommerce.shop.country_code is 'Its country.';
comment on column raw_bigcommerce.shop.language is 'Its language.';
comment on column raw_bigcommerce.shop.plan_name is
'The plan that it is on, which decides how many requests it may answer.';
comment on column raw_bigcommerce.shop.plan_level is 'That plan''s level.';
comment on column raw_bigcommerce.shop.is_price_entered_with_tax is 'Whether its prices are entered with tax.';
comment on column raw_bigcommerce.shop.multi_storefront_enabled is 'Whether it has several storefronts.';
comment on column raw_bigcommerce.shop.default_channel_id is 'Its first sales channel.';
comment on column raw_bigcommerce.shop.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_bigcommerce.shop.content_hash is 'Digest of the record''s own columns.';
comment on column raw_bigcommerce.shop.batch_id is 'The archived batch that this version came with.';
comment on column raw_bigcommerce.shop.loaded_at is 'When this version of the record was landed.';
comment on column raw_bigcommerce.shop.is_deleted is 'Gone at the source.';

create table raw_bigcommerce.currencies (
    merchant_id text not null,
    store_id text not null,
    currency_id text not null,
    currency_code text not null,
    name text,
    currency_exchange_rate numeric(24, 10),
    decimal_places bigint,
    is_default boolean,
    is_transactional boolean,
    enabled boolean,
    auto_update boolean,
    last_updated timestamp with time zone,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint currencies_pkey primary key (merchant_id, store_id, currency_id)
);

comment on table raw_bigcommerce.currencies is 'One record per currency that the store shows or takes.';
comment on column raw_bigcommerce.currencies.merchant_id is 'The tenant.';
comment on column raw_bigcommerce.currencies.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_bigcommerce.currencies.currency_id is 'Its id.';
comment on column raw_bigcommerce.currencies.currency_code is 'ISO 4217 code.';
comment on column raw_bigcommerce.currencies.name is 'Its name.';
comment on column raw_bigcommerce.currencies.currency_exchange_rate is 'The store''s rate of it.';
comment on column raw_bigcommerce.currencies.decimal_places is 'How many decimal places it is shown with.';
comment on column raw_bigcommerce.currencies.is_default is 'Whether it is the store''s own.';
comment on column raw_bigcommerce.currencies.is_transactional is
'Whether buyers can pay in it; else prices are only shown in it.';
comment on column raw_bigcommerce.currencies.enabled is 'Whether it is in use.';
comment on column raw_bigcommerce.currencies.auto_update is 'Whether the platform keeps its rate up to date.';
comment on column raw_bigcommerce.currencies.last_updated is 'When it was last changed, in UTC.';
comment on column raw_bigcommerce.currencies.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_bigcommerce.currencies.content_hash is 'Digest of the record''s own columns.';
comment on column raw_bigcommerce.currencies.batch_id is 'The archived batch that this version came with.';
comment on column raw_bigcommerce.currencies.loaded_at is 'When this version of the record was landed.';
comment on column raw_bigcommerce.currencies.is_deleted is 'Gone at the source.';
