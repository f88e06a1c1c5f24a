{{ config(meta={
    'dagster': {'ref': {'name': 'int_orders_unified'}},
    'advice': 'there is no rate for {original_currency_code} on {first_missing_date}; add one that is valid from that day on ' ~
        'to exchange_rates of {merchant_id} in perennial.yml'
}) }}

-- An order or refund in a currency without a rate would silently be missing from every total. The way out is a rate for
-- that currency, valid from the first day named here, under the merchant's exchange_rates in perennial.yml.
with orders as (

    select * from {{ ref('int_orders_unified') }}

),

refunds as (

    select * from {{ ref('int_refunds_unified') }}

),

unconverted as (

    select
        merchant_id,
        original_currency_code,
        order_date as missing_date
    from orders
    where ineligible_reason = 'no_exchange_rate'

    union all

    select
        merchant_id,
        original_currency_code,
        refund_date as missing_date
    from refunds
    where ineligible_reason = 'no_exchange_rate'

)

select
    merchant_id,
    original_currency_code,
    min(missing_date) as first_missing_date,
    max(missing_date) as last_missing_date,
    count(*) as record_count
from unconverted
group by merchant_id, original_currency_code
