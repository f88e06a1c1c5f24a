{{ config(tags=['before_ml'], indexes=[{'columns': ['merchant_id', 'acquisition_month']}]) }}

with periods as (

    select * from {{ ref('cohort_periods') }}

)

select
    merchant_id,
    cohort_date as acquisition_month,
    period_number,
    period_date as period_month,
    is_complete_period,
    cohort_customer_count,
    gross_amount,
    refund_amount,
    net_amount,
    cumulative_net_amount,
    cumulative_net_per_customer_amount,
    currency_code
from periods
where
    cohort_grain = 'month'
    and dimension_name = 'all'
