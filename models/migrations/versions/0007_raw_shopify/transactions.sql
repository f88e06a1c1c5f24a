-- Raw tables of the Shopify source: payments.
create table raw_shopify.transactions (
    merchant_id text not null,
    store_id text not null,
    order_id text not null,
    transaction_id text not null,
    refund_id text,
    parent_transaction_id text,
    kind text not null,
    status text not null,
    gateway text,
    error_code text,
    payment_id text,
    test boolean not null,
    created_at timestamp with time zone not null,
    processed_at timestamp with time zone,
    currency_code text not null,
    presentment_currency_code text not null,
    amount_shop_amount numeric(18, 4) not null,
    amount_presentment_amount numeric(18, 4) not null,
    amount_rounding_shop_amount numeric(18, 4),
    amount_rounding_presentment_amount numeric(18, 4),
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint transactions_pkey primary key (merchant_id, store_id, order_id, transaction_id)
);

comment on table raw_shopify.transactions is 'One record per payment, refund or attempt at one.';
comment on column raw_shopify.transactions.merchant_id is 'The tenant.';
comment on column raw_shopify.transactions.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_shopify.transactions.order_id is 'Shopify''s order id.';
comment on column raw_shopify.transactions.transaction_id is 'Shopify''s id of it.';
comment on column raw_shopify.transactions.refund_id is 'The refund that it belongs to; null for none.';
comment on column raw_shopify.transactions.parent_transaction_id is
'The transaction that it follows, such as a capture''s authorization.';
comment on column raw_shopify.transactions.kind is 'SALE, CAPTURE, AUTHORIZATION, VOID, REFUND, CHANGE, ….';
comment on column raw_shopify.transactions.status is 'SUCCESS, FAILURE, PENDING, ERROR, AWAITING_RESPONSE or UNKNOWN.';
comment on column raw_shopify.transactions.gateway is 'The way of paying; gift_card for gift cards.';
comment on column raw_shopify.transactions.error_code is 'Why it failed.';
comment on column raw_shopify.transactions.payment_id is 'The payment''s id at the way of paying.';
comment on column raw_shopify.transactions.test is 'Whether nothing was really paid.';
comment on column raw_shopify.transactions.created_at is 'When it was made.';
comment on column raw_shopify.transactions.processed_at is 'When it was carried out.';
comment on column raw_shopify.transactions.currency_code is 'ISO 4217 code of the shop''s currency.';
comment on column raw_shopify.transactions.presentment_currency_code is 'ISO 4217 code of the buyer''s currency.';
comment on column raw_shopify.transactions.amount_shop_amount is
'The amount, above zero for refunds too, in the shop''s currency.';
comment on column raw_shopify.transactions.amount_presentment_amount is
'The amount, above zero for refunds too, in the buyer''s currency.';
comment on column raw_shopify.transactions.amount_rounding_shop_amount is
'What rounding to the nearest coin changed; null for none, in the shop''s currency.';
comment on column raw_shopify.transactions.amount_rounding_presentment_amount is
'What rounding to the nearest coin changed; null for none, in the buyer''s currency.';
comment on column raw_shopify.transactions.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_shopify.transactions.content_hash is 'Digest of the record''s own columns.';
comment on column raw_shopify.transactions.batch_id is 'The archived batch that this version came with.';
comment on column raw_shopify.transactions.loaded_at is 'When this version of the record was landed.';
comment on column raw_shopify.transactions.is_deleted is 'Gone at the source.';
