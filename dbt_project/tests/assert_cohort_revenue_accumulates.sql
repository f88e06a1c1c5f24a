-- The last cumulative amount of a cohort is the sum of its months.
with revenue as (

    select * from {{ ref('cohort_revenue') }}

),

cohorts as (

    select
        merchant_id,
        acquisition_month,
        sum(net_amount) as net_amount,
        max(period_number) as last_period_number
    from revenue
    group by merchant_id, acquisition_month

)

select
    cohorts.merchant_id,
    cohorts.acquisition_month,
    cohorts.net_amount,
    revenue.cumulative_net_amount
from cohorts
inner join revenue
    on
        cohorts.merchant_id = revenue.merchant_id
        and cohorts.acquisition_month = revenue.acquisition_month
        and cohorts.last_period_number = revenue.period_number
where cohorts.net_amount <> revenue.cumulative_net_amount
