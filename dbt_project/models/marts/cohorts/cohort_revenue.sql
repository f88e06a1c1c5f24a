{{ config(indexes=[{'columns': ['merchant_id', 'acquisition_month']}]) }}

with spine as (

    select * from {{ ref('int_cohorts_spined') }}

),

customers as (

    select * from {{ ref('int_customers_summarized') }}

),

orders as (

    select * from {{ ref('fct_orders') }}

),

refunds as (

    select * from {{ ref('fct_refunds') }}

),

gross as (

    select
        customers.merchant_id,
        customers.acquisition_month,
        {{ month_of('orders.order_date') }} as period_month,
        sum(orders.amount) as gross_amount
    from orders
    inner join customers
        on
            orders.merchant_id = customers.merchant_id
            and orders.customer_id = customers.customer_id
    group by customers.merchant_id, customers.acquisition_month, {{ month_of('orders.order_date') }}

),

-- On the refund's own date; one that is dated before its purchase counts in the cohort's first month.
refunded as (

    select
        customers.merchant_id,
        customers.acquisition_month,
        greatest({{ month_of('refunds.refund_date') }}, customers.acquisition_month) as period_month,
        sum(refunds.amount) as refund_amount
    from refunds
    inner join customers
        on
            refunds.merchant_id = customers.merchant_id
            and refunds.customer_id = customers.customer_id
    where refunds.is_attributed
    group by
        customers.merchant_id,
        customers.acquisition_month,
        greatest({{ month_of('refunds.refund_date') }}, customers.acquisition_month)

),

periods as (

    select
        spine.*,
        coalesce(gross.gross_amount, 0) as gross_amount,
        coalesce(refunded.refund_amount, 0) as refund_amount,
        coalesce(gross.gross_amount, 0) - coalesce(refunded.refund_amount, 0) as net_amount
    from spine
    left join gross
        on
            spine.merchant_id = gross.merchant_id
            and spine.acquisition_month = gross.acquisition_month
            and spine.period_month = gross.period_month
    left join refunded
        on
            spine.merchant_id = refunded.merchant_id
            and spine.acquisition_month = refunded.acquisition_month
            and spine.period_month = refunded.period_month

),

accumulated as (

    select
        *,
        sum(net_amount) over (
            partition by merchant_id, acquisition_month
            order by period_number
            rows between unbounded preceding and current row
        ) as cumulative_net_amount
    from periods

)

select
    merchant_id,
    acquisition_month,
    period_number,
    period_month,
    is_complete_period,
    cohort_customer_count,
    cast(gross_amount as numeric(18, 4)) as gross_amount,
    cast(refund_amount as numeric(18, 4)) as refund_amount,
    cast(net_amount as numeric(18, 4)) as net_amount,
    cast(cumulative_net_amount as numeric(18, 4)) as cumulative_net_amount,
    cast(cumulative_net_amount / cohort_customer_count as numeric(18, 4)) as cumulative_net_per_customer_amount,
    currency_code
from accumulated
