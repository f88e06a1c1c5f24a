{{ config(
    tags=['before_ml'],
    indexes=[{'columns': ['merchant_id', 'dimension_name', 'dimension_value', 'acquisition_month']}],
) }}

with costs as (

    select * from {{ ref('cohort_acquisition_costs') }}

),

periods as (

    select * from {{ ref('cohort_periods') }}

)

select
    costs.merchant_id,
    costs.dimension_name,
    costs.dimension_value,
    costs.acquisition_month,
    periods.period_number,
    periods.period_date as period_month,
    periods.is_complete_period,
    costs.cohort_customer_count,
    costs.spend_amount,
    costs.acquisition_cost_amount,
    periods.cumulative_net_per_customer_amount,
    periods.cumulative_margin_per_customer_amount,
    periods.cumulative_uncosted_amount,
    periods.cumulative_net_amount >= costs.spend_amount as is_paid_back_in_revenue,
    case
        when periods.cumulative_margin_per_customer_amount is not null
            then periods.cumulative_margin_amount >= costs.spend_amount
    end as is_paid_back_in_margin,
    costs.currency_code
from costs
inner join periods
    on
        costs.merchant_id = periods.merchant_id
        and costs.dimension_name = periods.dimension_name
        and costs.dimension_value = periods.dimension_value
        and costs.acquisition_month = periods.cohort_date
        and periods.cohort_grain = 'month'
where costs.cost_basis = 'known'
