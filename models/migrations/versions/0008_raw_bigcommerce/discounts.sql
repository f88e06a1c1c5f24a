-- Raw tables of the BigCommerce source: coupons and promotions as the store defines them.
create table raw_bigcommerce.discounts (
    merchant_id text not null,
    store_id text not null,
    discount_kind text not null,
    discount_id text not null,
    name text,
    code text,
    type text,
    amount numeric(18, 4),
    min_purchase numeric(18, 4),
    is_enabled boolean,
    num_uses bigint,
    max_uses bigint,
    currency_code text,
    date_created timestamp with time zone,
    starts_at timestamp with time zone,
    ends_at timestamp with time zone,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint discounts_pkey primary key (merchant_id, store_id, discount_kind, discount_id)
);

comment on table raw_bigcommerce.discounts is 'One record per coupon or promotion that the store has defined.';
comment on column raw_bigcommerce.discounts.merchant_id is 'The tenant.';
comment on column raw_bigcommerce.discounts.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_bigcommerce.discounts.discount_kind is 'coupon or promotion.';
comment on column raw_bigcommerce.discounts.discount_id is 'Its id among its kind.';
comment on column raw_bigcommerce.discounts.name is 'What the store calls it.';
comment on column raw_bigcommerce.discounts.code is 'A coupon''s code; a promotion may have many, or need none.';
comment on column raw_bigcommerce.discounts.type is
'per_item_discount, percentage_discount, per_total_discount, shipping_discount, free_shipping;'
' COUPON or AUTOMATIC of a promotion.';
comment on column raw_bigcommerce.discounts.amount is 'A coupon''s figure: money, or a percentage.';
comment on column raw_bigcommerce.discounts.min_purchase is 'The least that has to be bought.';
comment on column raw_bigcommerce.discounts.is_enabled is 'Whether it can be used.';
comment on column raw_bigcommerce.discounts.num_uses is 'How often it was used.';
comment on column raw_bigcommerce.discounts.max_uses is 'How often it may be used; null or 0 for any number of times.';
comment on column raw_bigcommerce.discounts.currency_code is 'The currency that it is meant for; * for any.';
comment on column raw_bigcommerce.discounts.date_created is 'When it was made, in UTC.';
comment on column raw_bigcommerce.discounts.starts_at is 'When it begins, in UTC.';
comment on column raw_bigcommerce.discounts.ends_at is 'When it ends, in UTC.';
comment on column raw_bigcommerce.discounts.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_bigcommerce.discounts.content_hash is 'Digest of the record''s own columns.';
comment on column raw_bigcommerce.discounts.batch_id is 'The archived batch that this version came with.';
comment on column raw_bigcommerce.discounts.loaded_at is 'When this version of the record was landed.';
comment on column raw_bigcommerce.discounts.is_deleted is 'Gone at the source.';
