{{ config(tags=['before_ml'], indexes=[{'columns': ['merchant_id', 'revenue_date']}]) }}

with orders as (

    select * from {{ ref('fct_orders') }}

),

refunds as (

    select * from {{ ref('fct_refunds') }}

),

movements as (

    select
        merchant_id,
        order_date as revenue_date,
        coalesce(channel, 'unknown') as channel,
        currency_code,
        count(*) as order_count,
        count(*) filter (where is_first_order) as first_order_count,
        count(*) filter (where order_number > 1) as repeat_order_count,
        sum(amount) as gross_amount,
        sum(amount) filter (where is_first_order) as first_gross_amount,
        sum(amount) filter (where order_number > 1) as repeat_gross_amount,
        0 as refund_amount
    from orders
    group by merchant_id, order_date, coalesce(channel, 'unknown'), currency_code

    union all

    -- On the day that the money went back, by the channel that the order came through.
    select
        refunds.merchant_id,
        refunds.refund_date as revenue_date,
        coalesce(orders.channel, 'unknown') as channel,
        refunds.currency_code,
        0 as order_count,
        0 as first_order_count,
        0 as repeat_order_count,
        0 as gross_amount,
        0 as first_gross_amount,
        0 as repeat_gross_amount,
        sum(refunds.amount) as refund_amount
    from refunds
    left join orders
        on
            refunds.merchant_id = orders.merchant_id
            and refunds.store_id = orders.store_id
            and refunds.order_id = orders.order_id
    group by refunds.merchant_id, refunds.refund_date, coalesce(orders.channel, 'unknown'), refunds.currency_code

)

select
    merchant_id,
    revenue_date,
    channel,
    cast(sum(order_count) as bigint) as order_count,
    cast(sum(first_order_count) as bigint) as first_order_count,
    cast(sum(repeat_order_count) as bigint) as repeat_order_count,
    {{ money('sum(gross_amount)') }} as gross_amount,
    {{ money('coalesce(sum(first_gross_amount), 0)') }} as first_gross_amount,
    {{ money('coalesce(sum(repeat_gross_amount), 0)') }} as repeat_gross_amount,
    {{ money('sum(refund_amount)') }} as refund_amount,
    {{ money('sum(gross_amount) - sum(refund_amount)') }} as net_amount,
    currency_code
from movements
group by merchant_id, revenue_date, channel, currency_code
