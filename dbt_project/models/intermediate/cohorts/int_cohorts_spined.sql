with customers as (

    select * from {{ ref('int_customers_summarized') }}

),

merchants as (

    select * from {{ ref('stg_ops__merchants') }}

),

cohorts as (

    select
        merchant_id,
        acquisition_month,
        count(*) as cohort_customer_count
    from customers
    where acquisition_month is not null
    group by merchant_id, acquisition_month

),

periods as (

    select
        cohorts.merchant_id,
        cohorts.acquisition_month,
        cohorts.cohort_customer_count,
        merchants.as_of_date,
        merchants.currency_code,
        cast(months.period_start as date) as period_month
    from cohorts
    inner join merchants
        on cohorts.merchant_id = merchants.merchant_id
    cross join lateral generate_series(
        cast(cohorts.acquisition_month as timestamp),
        cast(merchants.as_of_date as timestamp),
        interval '1 month'
    ) as months (period_start)

)

select
    merchant_id,
    acquisition_month,
    cast(
        12 * (extract(year from period_month) - extract(year from acquisition_month))
        + extract(month from period_month) - extract(month from acquisition_month)
        as integer
    ) as period_number,
    period_month,
    cohort_customer_count,
    cast(period_month + interval '1 month' as date) <= as_of_date + 1 as is_complete_period,
    currency_code
from periods
