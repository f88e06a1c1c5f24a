{{ config(materialized='view', tags=['before_ml']) }}

with first_orders as (

    select * from {{ ref('int_first_orders_described') }}

),

order_lines as (

    select * from {{ ref('fct_order_lines') }}

),

discounts as (

    select * from {{ ref('fct_discounts') }}

),

products as (

    select * from {{ ref('dim_products') }}

),

-- Of several discounts of the first order the one that took most off.
first_discounts as (

    select distinct on (first_orders.merchant_id, first_orders.customer_id)
        first_orders.merchant_id,
        first_orders.customer_id,
        coalesce(discounts.code, discounts.discount_name) as discount_name
    from first_orders
    inner join discounts
        on
            first_orders.merchant_id = discounts.merchant_id
            and first_orders.store_id = discounts.store_id
            and first_orders.order_id = discounts.order_id
    order by
        first_orders.merchant_id asc,
        first_orders.customer_id asc,
        discounts.discount_amount desc nulls last,
        discounts.order_discount_id asc

),

-- Of several products in the first order the one that most was paid for.
first_lines as (

    select distinct on (first_orders.merchant_id, first_orders.customer_id)
        first_orders.merchant_id,
        first_orders.customer_id,
        order_lines.product_id,
        coalesce(products.product_name, order_lines.product_name) as product_name,
        products.category_name
    from first_orders
    inner join order_lines
        on
            first_orders.merchant_id = order_lines.merchant_id
            and first_orders.store_id = order_lines.store_id
            and first_orders.order_id = order_lines.order_id
    left join products
        on
            order_lines.merchant_id = products.merchant_id
            and order_lines.store_id = products.store_id
            and order_lines.product_id = products.product_id
    order by
        first_orders.merchant_id asc,
        first_orders.customer_id asc,
        order_lines.net_amount desc,
        order_lines.line_id asc

)

select
    first_orders.merchant_id,
    first_orders.customer_id,
    first_orders.channel,
    first_orders.country_code,
    first_orders.has_discount,
    case when first_orders.has_discount then first_discounts.discount_name end as discount_name,
    first_lines.product_id,
    first_lines.product_name,
    first_lines.category_name
from first_orders
left join first_discounts
    on
        first_orders.merchant_id = first_discounts.merchant_id
        and first_orders.customer_id = first_discounts.customer_id
left join first_lines
    on
        first_orders.merchant_id = first_lines.merchant_id
        and first_orders.customer_id = first_lines.customer_id
