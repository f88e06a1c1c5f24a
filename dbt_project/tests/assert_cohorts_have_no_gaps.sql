{{ config(meta={'dagster': {'ref': {'name': 'cohort_periods'}}}) }}

-- Every cohort has each period from its own to the as-of date's, and none after it.
with periods as (

    select * from {{ ref('cohort_periods') }}

),

merchants as (

    select * from {{ ref('stg_ops__merchants') }}

),

cohorts as (

    select
        periods.merchant_id,
        periods.cohort_grain,
        periods.dimension_name,
        periods.dimension_value,
        periods.cohort_date,
        count(*) as period_count,
        max(periods.period_number) as last_period_number,
        max(periods.period_date) as last_period_date,
        min({{ period_of('periods.cohort_grain', 'merchants.as_of_date') }}) as as_of_period_date
    from periods
    inner join merchants
        on periods.merchant_id = merchants.merchant_id
    group by
        periods.merchant_id,
        periods.cohort_grain,
        periods.dimension_name,
        periods.dimension_value,
        periods.cohort_date

)

select *
from cohorts
where
    period_count <> last_period_number + 1
    or last_period_date <> as_of_period_date
