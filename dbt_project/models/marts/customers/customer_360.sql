{{ config(
    tags=['after_ml'],
    materialized='incremental', incremental_strategy='delete+insert', unique_key='merchant_id',
    on_schema_change='append_new_columns', full_refresh=false,
    indexes=[
        {'columns': ['merchant_id', 'customer_id']}, {'columns': ['merchant_id', 'clv_percent_rank']},
        {'columns': ['merchant_id', 'rfm_segment']},
    ],
    post_hook="{{ delete_departed_merchants() }}",
) }}

-- What is published. A merchant's rows are replaced as a whole, or, while its publish is withheld, not at all: its last
-- good rows exist nowhere else, which is why `--full-refresh` leaves this table alone (drop it to build it anew).
with merchants as (

    select * from {{ ref('stg_ops__merchants') }}
    where not is_withheld

),

customers as (

    select * from {{ ref('dim_customers') }}

),

histories as (

    select * from {{ ref('customer_history') }}

),

scores as (

    select * from {{ ref('customer_rfm') }}

),

stages as (

    select * from {{ ref('customer_lifecycle') }}

),

predictions as (

    select * from {{ ref('stg_ml__customer_lifetime_value') }}

)

select
    customers.merchant_id,
    customers.customer_id,
    merchants.as_of_date,
    customers.first_order_date,
    customers.last_order_date,
    merchants.as_of_date - customers.last_order_date as days_since_last_order,
    customers.order_count,
    customers.purchase_day_count,
    {{ money('coalesce(histories.gross_amount, 0)') }} as gross_amount,
    {{ money('coalesce(histories.refund_amount, 0)') }} as refund_amount,
    {{ money('coalesce(histories.net_amount, 0)') }} as net_amount,
    histories.aov_amount,
    histories.life_days,
    histories.net_per_month_amount,
    histories.margin_amount,
    histories.margin_per_month_amount,
    histories.margin_basis,
    merchants.currency_code,
    scores.recency_score,
    scores.frequency_score,
    scores.monetary_score,
    scores.rfm_segment,
    scores.weighted_frequency_score,
    scores.weighted_monetary_score,
    scores.weighted_rfm_segment,
    stages.lifecycle_stage,
    customers.has_email,
    customers.has_email_consent,
    customers.is_generated_person,
    predictions.probability_alive,
    predictions.expected_purchases,
    predictions.expected_spend_amount,
    predictions.clv_amount,
    {{ money('coalesce(histories.net_amount, 0) + predictions.clv_amount') }} as total_clv_amount,
    -- Among the merchant's customers with a prediction; the others have a partition of their own and no rank.
    case
        when predictions.clv_amount is not null
            then percent_rank() over (
                    partition by customers.merchant_id, predictions.clv_amount is null
                    order by predictions.clv_amount
                )
    end as clv_percent_rank,
    predictions.clv_horizon_days,
    predictions.churn_probability,
    predictions.churn_horizon_days,
    predictions.purchases_low,
    predictions.purchases_high,
    predictions.clv_low_amount,
    predictions.clv_high_amount,
    predictions.interval_level,
    predictions.residual_clv_amount,
    predictions.next_purchase_date,
    predictions.model_name,
    predictions.base_model_name,
    predictions.prediction_basis,
    predictions.prior_share,
    predictions.model_run_id
from customers
inner join merchants
    on customers.merchant_id = merchants.merchant_id
left join histories
    on customers.merchant_id = histories.merchant_id and customers.customer_id = histories.customer_id
left join scores
    on customers.merchant_id = scores.merchant_id and customers.customer_id = scores.customer_id
left join stages
    on customers.merchant_id = stages.merchant_id and customers.customer_id = stages.customer_id
left join predictions
    on customers.merchant_id = predictions.merchant_id and customers.customer_id = predictions.customer_id
