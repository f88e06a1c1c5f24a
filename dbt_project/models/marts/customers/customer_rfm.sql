{{ config(
    tags=['before_ml'],
    indexes=[
        {'columns': ['merchant_id', 'customer_id']},
        {'columns': ['merchant_id', 'rfm_segment']},
    ],
) }}

with scores as (

    select * from {{ ref('int_customers_scored') }}

),

merchants as (

    select * from {{ ref('stg_ops__merchants') }}

)

select
    scores.merchant_id,
    scores.customer_id,
    merchants.as_of_date,
    scores.last_purchase_date,
    merchants.as_of_date - scores.last_purchase_date as days_since_last_purchase,
    scores.purchase_day_count,
    scores.net_amount,
    scores.currency_code,
    scores.recency_score,
    scores.frequency_score,
    scores.monetary_score,
    {{ rfm_segment(
        'scores.recency_score', 'scores.frequency_score', 'scores.monetary_score', 'merchants'
    ) }} as rfm_segment,
    merchants.rfm_half_life_days,
    {{ time_weight('scores.last_purchase_date', 'merchants') }} as last_purchase_weight,
    scores.purchase_weight,
    scores.weighted_net_amount,
    scores.weighted_frequency_score,
    scores.weighted_monetary_score,
    -- The most recent purchase weighs the most at any half-life, so that recency has one score for both.
    {{ rfm_segment(
        'scores.recency_score', 'scores.weighted_frequency_score', 'scores.weighted_monetary_score', 'merchants'
    ) }} as weighted_rfm_segment
from scores
inner join merchants
    on scores.merchant_id = merchants.merchant_id
