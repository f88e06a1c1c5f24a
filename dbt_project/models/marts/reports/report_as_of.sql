{{ config(tags=['before_ml'], indexes=[{'columns': ['merchant_id', 'as_of_date']}]) }}

with customer_days as (

    select * from {{ ref('fct_customer_days') }}

),

merchants as (

    select * from {{ ref('stg_ops__merchants') }}

),

customers as (

    select
        merchant_id,
        customer_id,
        min(activity_date) filter (where order_count > 0) as first_order_date,
        min(activity_date) filter (
            where is_purchase_day and activity_date > first_purchase_date
        ) as second_purchase_date
    from customer_days
    group by merchant_id, customer_id

),

movements as (

    select
        merchant_id,
        activity_date,
        0 as customer_count,
        0 as repeat_customer_count,
        order_count,
        gross_amount,
        refund_amount
    from customer_days

    union all

    select
        merchant_id,
        first_order_date as activity_date,
        1 as customer_count,
        0 as repeat_customer_count,
        0 as order_count,
        0 as gross_amount,
        0 as refund_amount
    from customers

    union all

    select
        merchant_id,
        second_purchase_date as activity_date,
        0 as customer_count,
        1 as repeat_customer_count,
        0 as order_count,
        0 as gross_amount,
        0 as refund_amount
    from customers
    where second_purchase_date is not null

),

days as (

    select
        merchant_id,
        activity_date,
        sum(customer_count) as customer_count,
        sum(repeat_customer_count) as repeat_customer_count,
        sum(order_count) as order_count,
        sum(gross_amount) as gross_amount,
        sum(refund_amount) as refund_amount,
        lead(activity_date) over (partition by merchant_id order by activity_date) as next_activity_date
    from movements
    group by merchant_id, activity_date

),

totals as (

    select
        days.merchant_id,
        days.activity_date,
        coalesce(days.next_activity_date, merchants.as_of_date + 1) as until_date,
        merchants.currency_code,
        sum(days.customer_count) over to_date as customer_count,
        sum(days.repeat_customer_count) over to_date as repeat_customer_count,
        sum(days.order_count) over to_date as order_count,
        sum(days.gross_amount) over to_date as gross_amount,
        sum(days.refund_amount) over to_date as refund_amount
    from days
    inner join merchants
        on days.merchant_id = merchants.merchant_id
    window to_date as (partition by days.merchant_id order by days.activity_date)

)

-- A day on which nothing happened ends as the one before it did.
select
    totals.merchant_id,
    totals.activity_date + day_numbers.day_number as as_of_date,
    cast(totals.customer_count as bigint) as customer_count,
    cast(totals.repeat_customer_count as bigint) as repeat_customer_count,
    {{ rate('totals.repeat_customer_count', 'totals.customer_count') }} as repeat_rate,
    cast(totals.order_count as bigint) as order_count,
    {{ money('totals.gross_amount') }} as gross_amount,
    {{ money('totals.refund_amount') }} as refund_amount,
    {{ money('totals.gross_amount - totals.refund_amount') }} as net_amount,
    {{ money('totals.gross_amount / nullif(totals.order_count, 0)') }} as aov_amount,
    totals.currency_code
from totals
cross join lateral generate_series(0, totals.until_date - totals.activity_date - 1) as day_numbers (day_number)
