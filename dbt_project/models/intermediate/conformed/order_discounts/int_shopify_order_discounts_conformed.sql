with order_discounts as (

    select * from {{ ref('stg_shopify__order_discounts') }}

),

orders as (

    select * from {{ ref('stg_shopify__orders') }}

)

select
    order_discounts.merchant_id,
    order_discounts.store_id,
    order_discounts.order_id,
    order_discounts.discount_index as order_discount_id,
    order_discounts.code,
    coalesce(order_discounts.discount_name, order_discounts.code) as discount_name,
    order_discounts.discount_type,
    cast(null as numeric(18, 4)) as discount_amount,
    orders.original_currency_code,
    'shopify' as source_name
from order_discounts
inner join orders
    on
        order_discounts.merchant_id = orders.merchant_id
        and order_discounts.store_id = orders.store_id
        and order_discounts.order_id = orders.order_id
