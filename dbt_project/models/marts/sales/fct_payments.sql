{{ config(materialized='view') }}

with transactions as (

    select * from {{ ref('int_transactions_unioned') }}

),

merchants as (

    select * from {{ ref('stg_ops__merchants') }}

),

orders as (

    select * from {{ ref('int_orders_unified') }}

),

exchange_rates as (

    select * from {{ ref('int_exchange_rates_ranged') }}

),

-- An authorization moves nothing, and neither does what failed, waits or was a test.
payments as (

    select
        transactions.*,
        merchants.currency_code,
        merchants.as_of_date,
        cast(transactions.processed_at at time zone merchants.time_zone as date) as payment_date,
        case
            when transactions.transaction_kind = 'refund' then -transactions.original_amount
            else transactions.original_amount
        end as moved_amount
    from transactions
    inner join merchants
        on transactions.merchant_id = merchants.merchant_id
    where
        transactions.transaction_kind in ('sale', 'capture', 'refund')
        and transactions.transaction_status = 'success'
        and not coalesce(transactions.is_test, false)

)

select
    payments.merchant_id,
    payments.store_id,
    payments.order_id,
    payments.transaction_id,
    payments.refund_id,
    orders.customer_id,
    payments.processed_at,
    payments.payment_date,
    payments.transaction_kind,
    payments.gateway,
    payments.is_gift_card,
    payments.is_store_credit,
    {{ amount_in_merchant_currency(
        'payments.moved_amount',
        'payments.original_currency_code',
        'payments.currency_code',
        'exchange_rates.exchange_rate'
    ) }} as amount,
    payments.currency_code,
    {{ money('payments.moved_amount') }} as original_amount,
    payments.original_currency_code,
    payments.source_name
from payments
left join orders
    on
        payments.merchant_id = orders.merchant_id
        and payments.store_id = orders.store_id
        and payments.order_id = orders.order_id
left join exchange_rates
    on
        payments.merchant_id = exchange_rates.merchant_id
        and payments.original_currency_code = exchange_rates.original_currency_code
        and payments.payment_date >= exchange_rates.valid_from_date
        and payments.payment_date < exchange_rates.valid_until_date
where payments.payment_date <= payments.as_of_date
