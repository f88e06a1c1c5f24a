{{ config(indexes=[{'columns': ['merchant_id', 'customer_id']}]) }}

with refunds as (

    select * from {{ ref('int_refunds_unified') }}

),

orders as (

    select * from {{ ref('int_orders_unified') }}

),

purchase_days as (

    select * from {{ ref('int_purchase_days_aggregated') }}

),

-- The purchase is its buyer's, whatever customer the refund was booked on.
refunds_with_order as (

    select
        refunds.merchant_id,
        refunds.store_id,
        refunds.refund_id,
        refunds.order_id,
        refunds.refunded_at,
        refunds.refund_date,
        refunds.amount,
        refunds.currency_code,
        refunds.original_amount,
        refunds.original_currency_code,
        orders.order_date,
        coalesce(orders.customer_id, refunds.customer_id) as customer_id
    from refunds
    left join orders
        on
            refunds.merchant_id = orders.merchant_id
            and refunds.store_id = orders.store_id
            and refunds.order_id = orders.order_id
            and orders.is_eligible
    where refunds.is_eligible

),

-- The day of the refund's own order where that is a purchase day, else the buyer's latest one up to the refund.
purchase_dates as (

    select
        refunds.merchant_id,
        refunds.store_id,
        refunds.refund_id,
        coalesce(
            max(purchase_days.purchase_date) filter (where purchase_days.purchase_date = refunds.order_date),
            max(purchase_days.purchase_date) filter (where purchase_days.purchase_date <= refunds.refund_date)
        ) as purchase_date
    from refunds_with_order as refunds
    inner join purchase_days
        on
            refunds.merchant_id = purchase_days.merchant_id
            and refunds.customer_id = purchase_days.customer_id
    group by refunds.merchant_id, refunds.store_id, refunds.refund_id

)

select
    refunds.merchant_id,
    refunds.store_id,
    refunds.customer_id,
    refunds.refund_id,
    refunds.order_id,
    purchase_dates.purchase_date,
    refunds.refunded_at,
    refunds.refund_date,
    refunds.amount,
    refunds.currency_code,
    refunds.original_amount,
    refunds.original_currency_code
from refunds_with_order as refunds
left join purchase_dates
    on
        refunds.merchant_id = purchase_dates.merchant_id
        and refunds.store_id = purchase_dates.store_id
        and refunds.refund_id = purchase_dates.refund_id
