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
        sum(original_amount) as original_amount,
        min(original_currency_code) as original_currency_code,
        cast(sum(quantity) as bigint) as quantity,
        min(channel) as channel,
        min(email) as email,
        min(customer_id) <> max(customer_id) as has_several_customers,
        min(original_currency_code) <> max(original_currency_code) as has_several_currencies
    from file_order_lines
    group by merchant_id, store_id, order_id

),

orders as (

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
        false as has_several_currencies
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
        has_several_currencies
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

)

-- A file says what an order came to and nothing of what that is made of.
select
    merchant_id,
    store_id,
    order_id,
    customer_id,
    ordered_at,
    quantity,
    channel,
    cast(null as text) as country_code,
    cast(null as boolean) as has_discount,
    email,
    cast(null as text) as phone,
    cast(null as text) as buyer_name,
    false as has_generated_email,
    cast(null as text) as order_status,
    true as is_known_status,
    cast(null as text) as excluded_reason,
    false as is_gift_card_sale,
    has_several_customers,
    has_several_currencies,
    original_currency_code,
    {{ money('original_amount') }} as lines_amount,
    {{ no_money() }} as discount_amount,
    {{ no_money() }} as shipping_amount,
    {{ no_money() }} as tax_amount,
    {{ no_money() }} as included_tax_amount,
    {{ no_money() }} as tip_amount,
    {{ no_money() }} as duty_amount,
    {{ no_money() }} as fee_amount,
    {{ no_money() }} as wrapping_amount,
    {{ money('original_amount') }} as total_amount,
    {{ no_money() }} as rounding_tolerance_amount,
    {{ no_money() }} as gift_card_sale_amount,
    {{ no_money() }} as gift_card_tender_amount,
    {{ no_money() }} as store_credit_tender_amount,
    cast(null as numeric(18, 4)) as platform_refunded_amount,
    original_currency_code as presentment_currency_code,
    {{ money('original_amount') }} as presentment_total_amount,
    'files' as source_name
from orders
