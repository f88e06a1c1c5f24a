{{ config(tags=['after_ml'], meta={'dagster': {'ref': {'name': 'customer_360'}}}) }}

-- A prediction made for another day than its row describes, or in another currency, would be published as if it were
-- current.
with published as (

    select * from {{ ref('customer_360') }}

),

predictions as (

    select * from {{ ref('stg_ml__customer_lifetime_value') }}

),

merchants as (

    select * from {{ ref('stg_ops__merchants') }}
    where not is_withheld

)

select
    published.merchant_id,
    published.as_of_date,
    predictions.as_of_date as predicted_as_of_date,
    predictions.currency_code as predicted_currency_code,
    count(*) as customer_count
from published
inner join merchants
    on published.merchant_id = merchants.merchant_id
inner join predictions
    on
        published.merchant_id = predictions.merchant_id
        and published.customer_id = predictions.customer_id
where
    published.as_of_date <> predictions.as_of_date
    or published.currency_code <> predictions.currency_code
group by published.merchant_id, published.as_of_date, predictions.as_of_date, predictions.currency_code
