-- Raw tables of the BigCommerce source: refunds and their parts.
create table raw_bigcommerce.refunds (
    merchant_id text not null,
    store_id text not null,
    refund_id text not null,
    order_id text not null,
    created timestamp with time zone not null,
    reason text,
    user_id text,
    total_amount numeric(18, 4) not null,
    total_tax numeric(18, 4),
    uses_merchant_override_values boolean,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint refunds_pkey primary key (merchant_id, store_id, order_id, refund_id)
);

comment on table raw_bigcommerce.refunds is 'One record per refund of an order.';
comment on column raw_bigcommerce.refunds.merchant_id is 'The tenant.';
comment on column raw_bigcommerce.refunds.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_bigcommerce.refunds.refund_id is 'The refund''s id.';
comment on column raw_bigcommerce.refunds.order_id is 'The order that it belongs to.';
comment on column raw_bigcommerce.refunds.created is 'When it was made, in UTC.';
comment on column raw_bigcommerce.refunds.reason is 'Why.';
comment on column raw_bigcommerce.refunds.user_id is 'The member of the store''s staff who made it.';
comment on column raw_bigcommerce.refunds.total_amount is 'What went back, tax included, in the order''s currency.';
comment on column raw_bigcommerce.refunds.total_tax is 'The tax in it; negative where tax was collected.';
comment on column raw_bigcommerce.refunds.uses_merchant_override_values is
'Whether amount and tax were entered rather than worked out.';
comment on column raw_bigcommerce.refunds.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_bigcommerce.refunds.content_hash is 'Digest of the record''s own columns.';
comment on column raw_bigcommerce.refunds.batch_id is 'The archived batch that this version came with.';
comment on column raw_bigcommerce.refunds.loaded_at is 'When this version of the record was landed.';
comment on column raw_bigcommerce.refunds.is_deleted is 'Gone at the source.';

create table raw_bigcommerce.refund_lines (
    merchant_id text not null,
    store_id text not null,
    refund_id text not null,
    item_position bigint not null,
    order_id text not null,
    item_type text not null,
    item_id text,
    quantity bigint,
    requested_amount numeric(18, 4),
    adjustments_amount numeric(18, 4),
    reason text,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint refund_lines_pkey primary key (merchant_id, store_id, order_id, refund_id, item_position)
);

comment on table raw_bigcommerce.refund_lines is
'One record per item refunded: a product, wrapping, shipping, handling, a fee, or the order itself.';
comment on column raw_bigcommerce.refund_lines.merchant_id is 'The tenant.';
comment on column raw_bigcommerce.refund_lines.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_bigcommerce.refund_lines.refund_id is 'The refund.';
comment on column raw_bigcommerce.refund_lines.item_position is 'Its place among the refund''s items, from 1.';
comment on column raw_bigcommerce.refund_lines.order_id is 'The order that it belongs to.';
comment on column raw_bigcommerce.refund_lines.item_type is 'PRODUCT, GIFT_WRAPPING, SHIPPING, HANDLING, ORDER or FEE.';
comment on column raw_bigcommerce.refund_lines.item_id is
'The line for PRODUCT and GIFT_WRAPPING, the shipping address for SHIPPING and HANDLING, the order for ORDER,'
' the fee for FEE.';
comment on column raw_bigcommerce.refund_lines.quantity is 'How many went back, for PRODUCT.';
comment on column raw_bigcommerce.refund_lines.requested_amount is 'What was refunded for the item.';
comment on column raw_bigcommerce.refund_lines.adjustments_amount is
'What was kept back from it, as a negative amount.';
comment on column raw_bigcommerce.refund_lines.reason is 'Why.';
comment on column raw_bigcommerce.refund_lines.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_bigcommerce.refund_lines.content_hash is 'Digest of the record''s own columns.';
comment on column raw_bigcommerce.refund_lines.batch_id is 'The archived batch that this version came with.';
comment on column raw_bigcommerce.refund_lines.loaded_at is 'When this version of the record was landed.';
comment on column raw_bigcommerce.refund_lines.is_deleted is 'Gone at the source.';

create table raw_bigcommerce.refund_payments (
    merchant_id text not null,
    store_id text not null,
    refund_id text not null,
    refund_payment_id text not null,
    order_id text not null,
    provider_id text,
    amount numeric(18, 4) not null,
    offline boolean,
    is_declined boolean,
    transaction_id text,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint refund_payments_pkey primary key (merchant_id, store_id, order_id, refund_id, refund_payment_id)
);

comment on table raw_bigcommerce.refund_payments is 'One record per way in which a refund was paid out.';
comment on column raw_bigcommerce.refund_payments.merchant_id is 'The tenant.';
comment on column raw_bigcommerce.refund_payments.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_bigcommerce.refund_payments.refund_id is 'The refund.';
comment on column raw_bigcommerce.refund_payments.refund_payment_id is 'The payment''s id.';
comment on column raw_bigcommerce.refund_payments.order_id is 'The order that it belongs to.';
comment on column raw_bigcommerce.refund_payments.provider_id is 'Through whom, such as storecredit.';
comment on column raw_bigcommerce.refund_payments.amount is 'How much.';
comment on column raw_bigcommerce.refund_payments.offline is 'Whether it was paid outside of the platform.';
comment on column raw_bigcommerce.refund_payments.is_declined is 'Whether the provider declined it.';
comment on column raw_bigcommerce.refund_payments.transaction_id is 'The transaction, as in transactions.';
comment on column raw_bigcommerce.refund_payments.source_updated_at is
'When the source last changed it, where it says.';
comment on column raw_bigcommerce.refund_payments.content_hash is 'Digest of the record''s own columns.';
comment on column raw_bigcommerce.refund_payments.batch_id is 'The archived batch that this version came with.';
comment on column raw_bigcommerce.refund_payments.loaded_at is 'When this version of the record was landed.';
comment on column raw_bigcommerce.refund_payments.is_deleted is 'Gone at the source.';
