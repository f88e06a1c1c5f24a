with orders as (

    select * from {{ ref('int_woocommerce_orders_conformed') }}

)

-- A checkout is an order from the start: a draft until it is sent, pending until it is paid, failed where that failed.
select
    merchant_id,
    store_id,
    order_id as checkout_id,
    customer_id,
    email,
    ordered_at as begun_at,
    cast(null as timestamptz) as completed_at,
    false as is_completed,
    total_amount,
    original_currency_code,
    'woocommerce' as source_name
from orders
where order_status in ('checkout-draft', 'pending', 'failed')
