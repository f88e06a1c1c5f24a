{{ config(materialized='view') }}

with spend as (

    select * from {{ ref('stg_files__marketing_spend') }}

),

merchants as (

    select * from {{ ref('stg_ops__merchants') }}

),

exchange_rates as (

    select * from {{ ref('int_exchange_rates_ranged') }}

)

select
    spend.merchant_id,
    spend.store_id,
    spend.spend_id,
    spend.spend_date,
    spend.channel,
    spend.campaign,
    {{ amount_in_merchant_currency(
        'spend.original_amount',
        'spend.original_currency_code',
        'merchants.currency_code',
        'exchange_rates.exchange_rate'
    ) }} as amount,
    merchants.currency_code,
    spend.original_amount,
    spend.original_currency_code
from spend
inner join merchants
    on spend.merchant_id = merchants.merchant_id
left join exchange_rates
    on
        spend.merchant_id = exchange_rates.merchant_id
        and spend.original_currency_code = exchange_rates.original_currency_code
        and spend.spend_date >= exchange_rates.valid_from_date
        and spend.spend_date < exchange_rates.valid_until_date
where spend.spend_date <= merchants.as_of_date
