{%- set amounts = ['gross_amount', 'refund_amount', 'costed_amount', 'margin_amount', 'uncosted_amount'] -%}
{{ config(
    tags=['before_ml'],
    pre_hook="set local enable_sort = off",
    indexes=[{'columns': ['merchant_id', 'cohort_grain', 'dimension_name']}],
) }}

with customers as (

    select * from {{ ref('cohort_customers') }}

),

days as (

    select * from {{ ref('fct_customer_days') }}

),

months as (

    select * from {{ ref('fct_customer_months') }}

),

merchants as (

    select * from {{ ref('stg_ops__merchants') }}

),

-- In one row per period at the most is a customer active, so that adding up counts who bought. A refund that is dated
-- before the purchase counts in the cohort's first period.
customer_periods as (

    select
        days.merchant_id,
        days.customer_id,
        'week' as cohort_grain,
        {{ period_of("'week'", 'days.first_purchase_date') }} as cohort_date,
        {{ period_of("'week'", 'greatest(days.activity_date, days.first_purchase_date)') }} as period_date,
        {%- for amount in amounts %}
            sum(days.{{ amount }}) as {{ amount }},
        {%- endfor %}
        sum(days.order_count) as order_count,
        max(days.currency_code) as currency_code,
        bool_or(days.is_purchase_day) as is_active
    from days
    inner join merchants
        on days.merchant_id = merchants.merchant_id
    where days.first_purchase_date >= {{ first_week_of_cohorts('merchants.as_of_date') }}
    group by days.merchant_id, days.customer_id, cohort_date, period_date

    union all

    select
        merchant_id,
        customer_id,
        'month' as cohort_grain,
        acquisition_month as cohort_date,
        greatest(activity_month, acquisition_month) as period_date,
        {{ amounts | join(', ') }},
        order_count,
        currency_code,
        purchase_day_count > 0 as is_active
    from months
    where acquisition_month is not null

    union all

    select
        merchant_id,
        customer_id,
        'quarter' as cohort_grain,
        {{ period_of("'quarter'", 'acquisition_month') }} as cohort_date,
        {{ period_of("'quarter'", 'greatest(activity_month, acquisition_month)') }} as period_date,
        {%- for amount in amounts %}
            sum({{ amount }}) as {{ amount }},
        {%- endfor %}
        sum(order_count) as order_count,
        max(currency_code) as currency_code,
        bool_or(purchase_day_count > 0) as is_active
    from months
    where acquisition_month is not null
    group by merchant_id, customer_id, cohort_date, period_date

),

-- The planner takes what is joined to sums for a few rows, and would sort millions by text (hence the setting above).
told_apart as (

    select
        customer_periods.*,
        {{ cohort_values_of('customers') }}
    from customer_periods
    inner join customers
        on
            customer_periods.merchant_id = customers.merchant_id
            and customer_periods.customer_id = customers.customer_id

)

select
    merchant_id,
    cohort_grain,
    dimension_name,
    dimension_value,
    cohort_date,
    period_date,
    cast(sum(order_count) as bigint) as order_count,
    {%- for amount in amounts %}
        {{ money('sum(' ~ amount ~ ')') }} as {{ amount }},
    {%- endfor %}
    count(*) filter (where is_active) as active_customer_count,
    max(currency_code) as currency_code
from told_apart
group by merchant_id, cohort_grain, dimension_name, dimension_value, cohort_date, period_date
