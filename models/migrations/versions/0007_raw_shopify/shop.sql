-- Raw tables of the Shopify source: the shop itself.
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
