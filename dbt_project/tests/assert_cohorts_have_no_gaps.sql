{{ config(meta={'dagster': {'ref': {'name': 'cohort_retention'}}}) }}

-- Every cohort has each month from its own to the as-of date's, in both tables, and none after it.
with retention as (

    select * from {{ ref('cohort_retention') }}

),

revenue as (

    select * from {{ ref('cohort_revenue') }}

),

merchants as (

    select * from {{ ref('stg_ops__merchants') }}

),

cells as (

    select
        'cohort_retention' as table_name,
        merchant_id,
        acquisition_month,
        period_number
    from retention

    union all

    select
        'cohort_revenue' as table_name,
        merchant_id,
        acquisition_month,
        period_number
    from revenue

),

cohorts as (

    select
        cells.table_name,
        cells.merchant_id,
        cells.acquisition_month,
        count(*) as period_count,
        max(cells.period_number) as last_period_number,
        min(age(date_trunc('month', cast(merchants.as_of_date as timestamp)), cells.acquisition_month)) as age_at_as_of
    from cells
    inner join merchants
        on cells.merchant_id = merchants.merchant_id
    group by cells.table_name, cells.merchant_id, cells.acquisition_month

)

select
    merchant_id,
    table_name,
    acquisition_month,
    period_count,
    last_period_number
from cohorts
where
    period_count <> last_period_number + 1
    or last_period_number <> 12 * extract(year from age_at_as_of) + extract(month from age_at_as_of)
