{{ config(indexes=[{'columns': ['merchant_id', 'acquisition_month']}]) }}

with spine as (

    select * from {{ ref('int_cohorts_spined') }}

),

purchase_days as (

    select * from {{ ref('int_purchase_days_aggregated') }}

),

customers as (

    select * from {{ ref('int_customers_summarized') }}

),

activity as (

    select
        customers.merchant_id,
        customers.acquisition_month,
        {{ month_of('purchase_days.purchase_date') }} as period_month,
        count(distinct customers.customer_id) as active_customer_count
    from purchase_days
    inner join customers
        on
            purchase_days.merchant_id = customers.merchant_id
            and purchase_days.customer_id = customers.customer_id
    group by
        customers.merchant_id,
        customers.acquisition_month,
        {{ month_of('purchase_days.purchase_date') }}

)

select
    spine.merchant_id,
    spine.acquisition_month,
    spine.period_number,
    spine.period_month,
    spine.is_complete_period,
    spine.cohort_customer_count,
    coalesce(activity.active_customer_count, 0) as active_customer_count,
    cast(
        cast(coalesce(activity.active_customer_count, 0) as numeric) / spine.cohort_customer_count as numeric(18, 6)
    ) as retention_rate
from spine
left join activity
    on
        spine.merchant_id = activity.merchant_id
        and spine.acquisition_month = activity.acquisition_month
        and spine.period_month = activity.period_month
