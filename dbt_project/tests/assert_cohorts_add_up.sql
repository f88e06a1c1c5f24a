{{ config(meta={'dagster': {'ref': {'name': 'cohort_periods'}}}) }}

-- Whatever customers are told apart by, together they are all: customers, orders, revenue and margin, to the cent.
with periods as (

    select * from {{ ref('cohort_periods') }}

),

days as (

    select * from {{ ref('fct_customer_days') }}

),

merchants as (

    select * from {{ ref('stg_ops__merchants') }}

),

totals as (

    select
        merchant_id,
        cohort_grain,
        dimension_name,
        sum(cohort_customer_count) filter (where period_number = 0) as customer_count,
        sum(order_count) as order_count,
        sum(gross_amount) as gross_amount,
        sum(net_amount) as net_amount,
        sum(margin_amount) as margin_amount,
        sum(uncosted_amount) as uncosted_amount
    from periods
    group by merchant_id, cohort_grain, dimension_name

),

-- Weekly cohorts are of the last year alone.
told as (

    select
        days.*,
        unnest(array['week', 'month', 'quarter']) as cohort_grain,
        unnest(array[{{ first_week_of_cohorts('merchants.as_of_date') }}, '-infinity', '-infinity']) as first_date
    from days
    inner join merchants
        on days.merchant_id = merchants.merchant_id
    where days.first_purchase_date is not null

),

expected as (

    select
        merchant_id,
        cohort_grain,
        count(*) filter (where activity_date = first_purchase_date) as customer_count,
        sum(order_count) as order_count,
        sum(gross_amount) as gross_amount,
        sum(net_amount) as net_amount,
        sum(margin_amount) as margin_amount,
        sum(uncosted_amount) as uncosted_amount
    from told
    where first_purchase_date >= first_date
    group by merchant_id, cohort_grain

),

dimensions as (

    select
        *,
        unnest({{ cohort_dimension_names() }}) as dimension_name
    from expected

)

select
    coalesce(totals.merchant_id, dimensions.merchant_id) as merchant_id,
    coalesce(totals.cohort_grain, dimensions.cohort_grain) as cohort_grain,
    coalesce(totals.dimension_name, dimensions.dimension_name) as dimension_name,
    totals.customer_count,
    dimensions.customer_count as expected_customer_count,
    totals.net_amount,
    dimensions.net_amount as expected_net_amount,
    totals.margin_amount,
    dimensions.margin_amount as expected_margin_amount
from totals
full join dimensions
    on
        totals.merchant_id = dimensions.merchant_id
        and totals.cohort_grain = dimensions.cohort_grain
        and totals.dimension_name = dimensions.dimension_name
where
    totals.customer_count is distinct from dimensions.customer_count
    or totals.order_count is distinct from dimensions.order_count
    or totals.gross_amount is distinct from dimensions.gross_amount
    or totals.net_amount is distinct from dimensions.net_amount
    or totals.margin_amount is distinct from dimensions.margin_amount
    or totals.uncosted_amount is distinct from dimensions.uncosted_amount
