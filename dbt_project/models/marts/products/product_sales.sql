{{ config(indexes=[{'columns': ['merchant_id', 'store_id', 'product_id']}]) }}

with lines as (

    select * from {{ ref('fct_order_lines') }}

),

refund_lines as (

    select * from {{ ref('fct_refund_lines') }}

),

products as (

    select * from {{ ref('dim_products') }}

),

-- One product in two lines of an order was bought once.
ordered as (

    select
        merchant_id,
        store_id,
        order_id,
        product_id,
        max(customer_id) as customer_id,
        max(currency_code) as currency_code,
        max(order_date) as order_date,
        sum(quantity) as sold_quantity,
        sum(net_amount) as sales_amount
    from lines
    where product_id is not null and not is_gift_card
    group by merchant_id, store_id, order_id, product_id

),

bought as (

    select
        merchant_id,
        store_id,
        product_id,
        customer_id,
        currency_code,
        count(*) as order_count,
        sum(sold_quantity) as sold_quantity,
        sum(sales_amount) as sales_amount,
        min(order_date) as first_sold_date,
        max(order_date) as last_sold_date
    from ordered
    group by merchant_id, store_id, product_id, customer_id, currency_code

),

sold as (

    select
        merchant_id,
        store_id,
        product_id,
        currency_code,
        count(customer_id) as buyer_count,
        count(customer_id) filter (where first_sold_date < last_sold_date) as repeat_buyer_count,
        cast(sum(order_count) as bigint) as order_count,
        sum(sold_quantity) as sold_quantity,
        sum(sales_amount) as sales_amount,
        min(first_sold_date) as first_sold_date,
        max(last_sold_date) as last_sold_date
    from bought
    group by merchant_id, store_id, product_id, currency_code

),

returned as (

    select
        merchant_id,
        store_id,
        product_id,
        count(distinct order_id) as refunded_order_count,
        sum(net_amount) as refunded_amount
    from refund_lines
    where product_id is not null
    group by merchant_id, store_id, product_id

)

select
    sold.merchant_id,
    sold.store_id,
    sold.product_id,
    products.product_name,
    products.category_name,
    sold.first_sold_date,
    sold.last_sold_date,
    sold.order_count,
    sold.buyer_count,
    sold.repeat_buyer_count,
    {{ rate('sold.repeat_buyer_count', 'sold.buyer_count') }} as repeat_buyer_rate,
    cast(sold.sold_quantity as numeric(18, 4)) as sold_quantity,
    {{ money('sold.sales_amount') }} as sales_amount,
    {{ money('coalesce(returned.refunded_amount, 0)') }} as refunded_amount,
    {{ money('sold.sales_amount - coalesce(returned.refunded_amount, 0)') }} as net_amount,
    coalesce(returned.refunded_order_count, 0) as refunded_order_count,
    {{ rate('coalesce(returned.refunded_order_count, 0)', 'sold.order_count') }} as refunded_order_rate,
    {{ rate('coalesce(returned.refunded_amount, 0)', 'sold.sales_amount') }} as refunded_amount_rate,
    sold.currency_code
from sold
left join returned
    on
        sold.merchant_id = returned.merchant_id and sold.store_id = returned.store_id
        and sold.product_id = returned.product_id
left join products
    on
        sold.merchant_id = products.merchant_id and sold.store_id = products.store_id
        and sold.product_id = products.product_id
