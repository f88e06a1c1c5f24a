{{ config(indexes=[{'columns': ['merchant_id', 'customer_id']}]) }}

with orders as (

    select * from {{ ref('int_orders_unified') }}

),

purchase_days as (

    select * from {{ ref('int_purchase_days_aggregated') }}

),

refunds as (

    select * from {{ ref('int_refunds_attributed') }}

),

order_totals as (

    select
        merchant_id,
        customer_id,
        currency_code,
        min(order_date) as first_order_date,
        max(order_date) as last_order_date,
        count(*) as order_count,
        sum(amount) as gross_amount
    from orders
    where
        is_eligible
        and customer_id is not null
    group by merchant_id, customer_id, currency_code

),

purchase_day_totals as (

    select
        merchant_id,
        customer_id,
        min(purchase_date) as first_purchase_date,
        max(purchase_date) as last_purchase_date,
        count(*) as purchase_day_count
    from purchase_days
    group by merchant_id, customer_id

),

-- A refund counts against a purchase that the history holds, or not at all.
refund_totals as (

    select
        merchant_id,
        customer_id,
        sum(amount) as refund_amount
    from refunds
    where purchase_date is not null
    group by merchant_id, customer_id

)

select
    order_totals.merchant_id,
    order_totals.customer_id,
    order_totals.first_order_date,
    order_totals.last_order_date,
    order_totals.order_count,
    purchase_day_totals.first_purchase_date,
    purchase_day_totals.last_purchase_date,
    {{ month_of('purchase_day_totals.first_purchase_date') }} as acquisition_month,
    coalesce(purchase_day_totals.purchase_day_count, 0) as purchase_day_count,
    cast(order_totals.gross_amount as numeric(18, 4)) as gross_amount,
    cast(coalesce(refund_totals.refund_amount, 0) as numeric(18, 4)) as refund_amount,
    cast(order_totals.gross_amount - coalesce(refund_totals.refund_amount, 0) as numeric(18, 4)) as net_amount,
    order_totals.currency_code
from order_totals
left join purchase_day_totals
    on
        order_totals.merchant_id = purchase_day_totals.merchant_id
        and order_totals.customer_id = purchase_day_totals.customer_id
left join refund_totals
    on
        order_totals.merchant_id = refund_totals.merchant_id
        and order_totals.customer_id = refund_totals.customer_id
