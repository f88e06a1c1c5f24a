with orders as (

    select * from {{ ref('int_bigcommerce_orders_conformed') }}

)

-- Who leaves at the payment leaves an incomplete order; what was left before it, BigCommerce does not list.
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
    'bigcommerce' as source_name
from orders
where excluded_reason = 'incomplete'
