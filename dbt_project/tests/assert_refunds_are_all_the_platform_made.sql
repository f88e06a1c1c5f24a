{{ config(meta={
    'dagster': {'ref': {'name': 'int_refunds_reconciled'}},
    'advice': 'order {order_id} of store {store_id}: the platform says that {platform_refunded_amount} ' ~
        '{original_currency_code} was refunded, and its refunds add up to {refunded_amount}. The next read within a day ' ~
        'looks for what is missing; where the platform itself is off, name the order under ' ~
        'reconciliation.accepted_order_ids of store {store_id} of {merchant_id} in perennial.yml'
}) }}

-- A refund that was never read would leave revenue too high and nothing to see. Where the platform says what an order's
-- refunds come to, those that were read come to the same.
with orders as (

    select * from {{ ref('int_orders_reconciled') }}

),

refunds as (

    select * from {{ ref('int_refunds_reconciled') }}

),

stores as (

    select * from {{ ref('stg_ops__stores') }}

),

refunds_summed as (

    select
        merchant_id,
        store_id,
        order_id,
        sum(coalesce(paid_back_amount, total_amount)) as refunded_amount
    from refunds
    group by merchant_id, store_id, order_id

)

select
    orders.merchant_id,
    orders.store_id,
    orders.order_id,
    orders.source_name,
    orders.original_currency_code,
    orders.platform_refunded_amount,
    coalesce(refunds_summed.refunded_amount, 0) as refunded_amount
from orders
left join refunds_summed
    on
        orders.merchant_id = refunds_summed.merchant_id
        and orders.store_id = refunds_summed.store_id
        and orders.order_id = refunds_summed.order_id
left join stores
    on
        orders.merchant_id = stores.merchant_id
        and orders.store_id = stores.store_id
where
    orders.excluded_reason is null
    and not coalesce(orders.order_id = any(stores.accepted_order_ids), false)
    and orders.platform_refunded_amount <> coalesce(refunds_summed.refunded_amount, 0)
