with order_discounts as (

    select * from {{ ref('stg_bigcommerce__order_discounts') }}

),

orders as (

    select * from {{ ref('stg_bigcommerce__orders') }}

)

select
    order_discounts.merchant_id,
    order_discounts.store_id,
    order_discounts.order_id,
    order_discounts.order_coupon_id as order_discount_id,
    order_discounts.code,
    order_discounts.code as discount_name,
    cast(order_discounts.discount_type as text) as discount_type,
    order_discounts.discount_amount,
    orders.original_currency_code,
    'bigcommerce' as source_name
from order_discounts
inner join orders
    on
        order_discounts.merchant_id = orders.merchant_id
        and order_discounts.store_id = orders.store_id
        and order_discounts.order_id = orders.order_id
