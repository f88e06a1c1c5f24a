{{ config(materialized='view') }}

with file_orders as (

    select * from {{ ref('stg_files__orders') }}

),

file_order_lines as (

    select * from {{ ref('stg_files__order_lines') }}

),

file_lines_summed as (

    select
        merchant_id,
        store_id,
        order_id,
        min(customer_id) as customer_id,
        min(ordered_at) as ordered_at,
        cast(sum(original_amount) as numeric(18, 4)) as original_amount,
        min(original_currency_code) as original_currency_code,
        cast(sum(quantity) as bigint) as quantity,
        min(channel) as channel,
        min(email) as email,
        min(customer_id) <> max(customer_id) as has_several_customers,
        min(original_currency_code) <> max(original_currency_code) as has_several_currencies
    from file_order_lines
    group by merchant_id, store_id, order_id

)

select
    merchant_id,
    store_id,
    order_id,
    customer_id,
    ordered_at,
    original_amount,
    original_currency_code,
    quantity,
    channel,
    email,
    false as has_several_customers,
    false as has_several_currencies,
    'files' as source_name
from file_orders

union all

select
    merchant_id,
    store_id,
    order_id,
    customer_id,
    ordered_at,
    original_amount,
    original_currency_code,
    quantity,
    channel,
    email,
    has_several_customers,
    has_several_currencies,
    'files' as source_name
from file_lines_summed
-- An order that came whole is not counted again from its lines.
where
    not exists (
        select 1
        from file_orders
        where
            file_orders.merchant_id = file_lines_summed.merchant_id
            and file_orders.store_id = file_lines_summed.store_id
            and file_orders.order_id = file_lines_summed.order_id
    )
