{{ config(
    tags=['after_ml'],
    indexes=[{'columns': ['merchant_id', 'dimension_name', 'dimension_value', 'acquisition_month']}],
) }}

with costs as (

    select * from {{ ref('cohort_acquisition_costs') }}

),

payback as (

    select * from {{ ref('cohort_payback') }}

),

projections as (

    select * from {{ ref('cohort_projections') }}

),

-- What a cohort brought by the as-of date, and the first month by whose end that was what it cost.
paid_back as (

    select
        merchant_id,
        dimension_name,
        dimension_value,
        acquisition_month,
        min(period_number) filter (where is_paid_back_in_revenue) as revenue_payback_months,
        min(period_number) filter (where is_paid_back_in_margin) as margin_payback_months,
        {{ money('(array_agg(cumulative_net_per_customer_amount order by period_number desc))[1]') }}
            as net_per_customer_amount,
        {{ money('(array_agg(cumulative_margin_per_customer_amount order by period_number desc))[1]') }}
            as margin_per_customer_amount
    from payback
    group by merchant_id, dimension_name, dimension_value, acquisition_month

)

select
    costs.merchant_id,
    costs.dimension_name,
    costs.dimension_value,
    costs.acquisition_month,
    costs.cohort_customer_count,
    costs.spend_amount,
    costs.cost_basis,
    costs.acquisition_cost_amount,
    paid_back.revenue_payback_months,
    paid_back.margin_payback_months,
    paid_back.net_per_customer_amount,
    paid_back.margin_per_customer_amount,
    projections.total_clv_per_customer_amount,
    projections.clv_horizon_days,
    {%- for value in ['paid_back.net', 'paid_back.margin', 'projections.total_clv'] %}
        cast({{ value }}_per_customer_amount / nullif(costs.acquisition_cost_amount, 0) as numeric(18, 6))
            as {{ value.split('.')[1] }}_to_cost_ratio,
    {%- endfor %}
    costs.currency_code
from costs
left join paid_back
    on
        costs.merchant_id = paid_back.merchant_id
        and costs.dimension_name = paid_back.dimension_name
        and costs.dimension_value = paid_back.dimension_value
        and costs.acquisition_month = paid_back.acquisition_month
left join projections
    on
        costs.merchant_id = projections.merchant_id
        and costs.dimension_name = projections.dimension_name
        and costs.dimension_value = projections.dimension_value
        and costs.acquisition_month = projections.cohort_date
        and projections.cohort_grain = 'month'
