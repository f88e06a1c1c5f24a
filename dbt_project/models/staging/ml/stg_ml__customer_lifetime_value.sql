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
    currency_code
from source
