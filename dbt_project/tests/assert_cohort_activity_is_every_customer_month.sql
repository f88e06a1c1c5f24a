{{ config(meta={'dagster': {'ref': {'name': 'cohort_retention'}}}) }}

-- Each month that a customer bought in is one unit of activity of exactly one cohort.
with retention as (

    select * from {{ ref('cohort_retention') }}

),

purchase_days as (

    select * from {{ ref('int_purchase_days_aggregated') }}

),

active as (

    select
        merchant_id,
        sum(active_customer_count) as customer_month_count
    from retention
    group by merchant_id

),

expected as (

    select
        merchant_id,
        count(distinct row(customer_id, {{ month_of('purchase_date') }})) as customer_month_count
    from purchase_days
    group by merchant_id

)

select
    coalesce(active.merchant_id, expected.merchant_id) as merchant_id,
    active.customer_month_count,
    expected.customer_month_count as expected_customer_month_count
from active
full join expected
    on active.merchant_id = expected.merchant_id
where active.customer_month_count is distinct from expected.customer_month_count
