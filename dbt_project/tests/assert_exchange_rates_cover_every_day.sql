{{ config(meta={
    'dagster': {'ref': {'name': 'int_orders_unified'}},
    'advice': 'there is no rate to {currency_code} for {merchant_missing}; add rates that are valid from those first days on ' ~
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
        currency_code,
        original_currency_code,
        order_date as missing_date
    from orders
    where ineligible_reason = 'no_exchange_rate'

    union all

    select
        merchant_id,
        currency_code,
        original_currency_code,
        refund_date as missing_date
    from refunds
    where ineligible_reason = 'no_exchange_rate'

),

missing as (

    select
        merchant_id,
        currency_code,
        original_currency_code,
        min(missing_date) as first_missing_date,
        max(missing_date) as last_missing_date,
        count(*) as record_count
    from unconverted
    group by merchant_id, currency_code, original_currency_code

)

select
    merchant_id,
    currency_code,
    original_currency_code,
    first_missing_date,
    last_missing_date,
    record_count,
    -- Every currency at once: who adds one rate should not learn of the next one from the next run.
    string_agg(
        original_currency_code || ' (' || first_missing_date || ' to ' || last_missing_date || ', '
        || record_count || ' orders and refunds)',
        ', '
    ) over (
        partition by merchant_id order by original_currency_code
        rows between unbounded preceding and unbounded following
    ) as merchant_missing
from missing
