{{ config(
    tags=['after_ml'],
    indexes=[{'columns': ['merchant_id', 'cohort_grain', 'dimension_name', 'dimension_value', 'cohort_date']}],
) }}

with published as (

    select * from {{ ref('customer_360') }}

),

customers as (

    select * from {{ ref('cohort_customers') }}

),

told_apart as (

    select
        published.*,
        customers.first_purchase_date,
        {{ cohort_values_of('customers') }}
    from published
    inner join customers
        on
            published.merchant_id = customers.merchant_id
            and published.customer_id = customers.customer_id

),

grained as (

    select
        *,
        unnest(array['week', 'month', 'quarter']) as cohort_grain
    from told_apart

),

summed as (

    select
        merchant_id,
        cohort_grain,
        dimension_name,
        dimension_value,
        {{ period_of('cohort_grain', 'first_purchase_date') }} as cohort_date,
        as_of_date,
        currency_code,
        count(*) as cohort_customer_count,
        count(clv_amount) as predicted_customer_count,
        cast(sum(order_count) as bigint) as order_count,
        sum(net_amount) as net_amount,
        sum(expected_purchases) as expected_purchases,
        sum(clv_amount) as clv_amount,
        max(clv_horizon_days) as clv_horizon_days
    from grained
    where
        cohort_grain <> 'week'
        or first_purchase_date >= {{ first_week_of_cohorts('as_of_date') }}
    group by merchant_id, cohort_grain, dimension_name, dimension_value, cohort_date, as_of_date, currency_code

)

select
    merchant_id,
    cohort_grain,
    dimension_name,
    dimension_value,
    cohort_date,
    as_of_date,
    cohort_customer_count,
    predicted_customer_count,
    order_count,
    {{ money('net_amount') }} as net_amount,
    cast(expected_purchases as double precision) as expected_purchases,
    {{ money('clv_amount') }} as clv_amount,
    {{ money('net_amount + clv_amount') }} as total_clv_amount,
    {{ money('net_amount / cohort_customer_count') }} as net_per_customer_amount,
    {{ money('(net_amount + clv_amount) / cohort_customer_count') }} as total_clv_per_customer_amount,
    clv_horizon_days,
    currency_code
from summed
