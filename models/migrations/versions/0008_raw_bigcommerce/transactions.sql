-- Raw tables of the BigCommerce source: payments.
create table raw_bigcommerce.transactions (
    merchant_id text not null,
    store_id text not null,
    transaction_id text not null,
    order_id text not null,
    date_created timestamp with time zone not null,
    event text not null,
    status text,
    method text,
    gateway text,
    gateway_transaction_id text,
    payment_method_id text,
    reference_transaction_id text,
    amount numeric(18, 4) not null,
    currency text not null,
    test boolean,
    fraud_review boolean,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint transactions_pkey primary key (merchant_id, store_id, order_id, transaction_id)
);

comment on table raw_bigcommerce.transactions is 'One record per event in an order''s payment.';
comment on column raw_bigcommerce.transactions.merchant_id is 'The tenant.';
comment on column raw_bigcommerce.transactions.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_bigcommerce.transactions.transaction_id is 'The transaction''s id.';
comment on column raw_bigcommerce.transactions.order_id is 'The order that it belongs to.';
comment on column raw_bigcommerce.transactions.date_created is 'When it happened, in UTC.';
comment on column raw_bigcommerce.transactions.event is
'purchase, authorization, capture, refund, void, pending or settled.';
comment on column raw_bigcommerce.transactions.status is 'ok or error.';
comment on column raw_bigcommerce.transactions.method is
'How it was paid, such as credit_card, store_credit or gift_certificate.';
comment on column raw_bigcommerce.transactions.gateway is 'Through whom.';
comment on column raw_bigcommerce.transactions.gateway_transaction_id is 'Its id there.';
comment on column raw_bigcommerce.transactions.payment_method_id is 'The payment method''s id.';
comment on column raw_bigcommerce.transactions.reference_transaction_id is 'The transaction that it acts upon.';
comment on column raw_bigcommerce.transactions.amount is 'How much, never negative: the event says which way it went.';
comment on column raw_bigcommerce.transactions.currency is 'The transaction''s currency.';
comment on column raw_bigcommerce.transactions.test is 'Whether no real money moved.';
comment on column raw_bigcommerce.transactions.fraud_review is 'Whether the gateway wants it looked at.';
comment on column raw_bigcommerce.transactions.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_bigcommerce.transactions.content_hash is 'Digest of the record''s own columns.';
comment on column raw_bigcommerce.transactions.batch_id is 'The archived batch that this version came with.';
comment on column raw_bigcommerce.transactions.loaded_at is 'When this version of the record was landed.';
comment on column raw_bigcommerce.transactions.is_deleted is 'Gone at the source.';
