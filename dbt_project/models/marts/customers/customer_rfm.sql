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
    {{ rfm_segment('scores.recency_score', 'scores.frequency_score', 'scores.monetary_score') }} as rfm_segment
from scores
inner join merchants
    on scores.merchant_id = merchants.merchant_id
