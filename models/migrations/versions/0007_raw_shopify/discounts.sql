-- Raw tables of the Shopify source: discounts as the shop defines them.
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
