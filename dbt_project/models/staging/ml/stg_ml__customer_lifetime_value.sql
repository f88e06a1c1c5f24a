with source as (

    select * from {{ source('ml', 'customer_lifetime_value') }}

)

select
    merchant_id,
    model_run_id,
    customer_id,
    as_of_date,
    probability_alive,
    expected_purchases,
    expected_spend_amount,
    clv_amount,
    clv_horizon_days,
    annual_discount_rate,
    churn_probability,
    churn_horizon_days,
    purchases_low,
    purchases_high,
    clv_low_amount,
    clv_high_amount,
    interval_level,
    residual_clv_amount,
    next_purchase_date,
    model_name,
    base_model_name,
    prediction_basis,
    prior_share,
    currency_code
from source
