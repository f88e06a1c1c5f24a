-- Raw tables of the WooCommerce source: the shop itself.
create table raw_woocommerce.shop (
    merchant_id text not null,
    store_id text not null,
    shop_id text not null,
    name text,
    home text,
    url text,
    timezone_string text,
    gmt_offset numeric(18, 4),
    currency text,
    price_num_decimals bigint,
    calc_taxes boolean,
    prices_include_tax boolean,
    tax_round_at_subtotal boolean,
    default_country text,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint shop_pkey primary key (merchant_id, store_id, shop_id)
);

comment on table raw_woocommerce.shop is
'One record per shop: its name, its currency and the clock that its days follow.';
comment on column raw_woocommerce.shop.merchant_id is 'The tenant.';
comment on column raw_woocommerce.shop.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_woocommerce.shop.shop_id is 'The shop''s address without scheme: what it is known by.';
comment on column raw_woocommerce.shop.name is 'The site''s title.';
comment on column raw_woocommerce.shop.home is 'The shop''s address as visitors see it.';
comment on column raw_woocommerce.shop.url is 'The address of its WordPress.';
comment on column raw_woocommerce.shop.timezone_string is
'IANA zone of the shop''s days; empty where it is set to a fixed offset.';
comment on column raw_woocommerce.shop.gmt_offset is
'Hours that the shop''s clock is ahead of UTC at the time of reading.';
comment on column raw_woocommerce.shop.currency is
'ISO 4217 code of the shop''s own currency; an order may have another.';
comment on column raw_woocommerce.shop.price_num_decimals is 'Decimal places that the shop rounds prices to.';
comment on column raw_woocommerce.shop.calc_taxes is 'Whether the shop calculates taxes.';
comment on column raw_woocommerce.shop.prices_include_tax is 'Whether the merchant enters prices with tax.';
comment on column raw_woocommerce.shop.tax_round_at_subtotal is
'Whether tax is rounded once per order rather than on each line.';
comment on column raw_woocommerce.shop.default_country is 'The shop''s country and state, such as US:NY.';
comment on column raw_woocommerce.shop.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_woocommerce.shop.content_hash is 'Digest of the record''s own columns.';
comment on column raw_woocommerce.shop.batch_id is 'The archived batch that this version came with.';
comment on column raw_woocommerce.shop.loaded_at is 'When this version of the record was landed.';
comment on column raw_woocommerce.shop.is_deleted is 'Gone at the source.';
