{{ config(meta={'dagster': {'ref': {'name': 'fct_customer_months'}}}) }}

-- Month by month, what customers did is what the facts say, to the cent; and cohorts are sums over it.
with months as (

    select * from {{ ref('fct_customer_months') }}

),

orders as (

    select * from {{ ref('fct_orders') }}

),

refunds as (

    select * from {{ ref('fct_refunds') }}

),

order_lines as (

    select * from {{ ref('fct_order_lines') }}

),

refund_lines as (

    select * from {{ ref('fct_refund_lines') }}

),

cohorts as (

    select * from {{ ref('cohort_revenue') }}

),

-- What the months say, and against it what the facts say: nothing is left over.
terms as (

    select
        merchant_id,
        activity_month,
        'orders' as measure,
        order_count as amount
    from months

    union all

    select
        merchant_id,
        {{ month_of('order_date') }} as activity_month,
        'orders' as measure,
        -1 as amount
    from orders
    where customer_id is not null

    union all

    select
        merchant_id,
        activity_month,
        'gross_amount' as measure,
        gross_amount as amount
    from months

    union all

    select
        merchant_id,
        {{ month_of('order_date') }} as activity_month,
        'gross_amount' as measure,
        -amount as amount
    from orders
    where customer_id is not null

    union all

    select
        merchant_id,
        activity_month,
        'refund_amount' as measure,
        refund_amount as amount
    from months

    union all

    select
        merchant_id,
        {{ month_of('refund_date') }} as activity_month,
        'refund_amount' as measure,
        -amount as amount
    from refunds
    where is_attributed

    union all

    select
        merchant_id,
        activity_month,
        'margin_amount' as measure,
        margin_amount as amount
    from months

    union all

    select
        merchant_id,
        {{ month_of('order_date') }} as activity_month,
        'margin_amount' as measure,
        -coalesce(margin_amount, 0) as amount
    from order_lines
    where customer_id is not null

    union all

    select
        merchant_id,
        {{ month_of('refund_date') }} as activity_month,
        'margin_amount' as measure,
        coalesce(margin_amount, 0) as amount
    from refund_lines
    where is_attributed

    union all

    select
        merchant_id,
        greatest(activity_month, acquisition_month) as activity_month,
        'cohort_net_amount' as measure,
        net_amount as amount
    from months
    where acquisition_month is not null

    union all

    select
        merchant_id,
        period_month as activity_month,
        'cohort_net_amount' as measure,
        -net_amount as amount
    from cohorts

)

select
    merchant_id,
    activity_month,
    measure,
    sum(amount) as difference_amount
from terms
group by merchant_id, activity_month, measure
having sum(amount) <> 0
