{{ config(severity='warn', meta={'dagster': {'ref': {'name': 'int_refunds_reconciled'}}}) }}

-- More went back than the order came to. It happens, as goodwill; more often a refund was entered twice.
with orders as (

    select * from {{ ref('int_orders_reconciled') }}

),

refunds as (

    select * from {{ ref('int_refunds_reconciled') }}

),

refunds_summed as (

    select
        merchant_id,
        store_id,
        order_id,
        sum(total_amount) as refunded_amount
    from refunds
    where excluded_reason is null
    group by merchant_id, store_id, order_id

)

select
    orders.merchant_id,
    orders.store_id,
    orders.order_id,
    orders.total_amount,
    refunds_summed.refunded_amount
from orders
inner join refunds_summed
    on
        orders.merchant_id = refunds_summed.merchant_id
        and orders.store_id = refunds_summed.store_id
        and orders.order_id = refunds_summed.order_id
where refunds_summed.refunded_amount > orders.total_amount
