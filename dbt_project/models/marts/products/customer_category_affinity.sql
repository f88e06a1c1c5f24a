{{ config(indexes=[{'columns': ['merchant_id', 'customer_id']}]) }}

with lines as (

    select * from {{ ref('fct_order_lines') }}

),

products as (

    select * from {{ ref('dim_products') }}

),

customers as (

    select * from {{ ref('int_customers_summarized') }}

),

bought as (

    select
        lines.merchant_id,
        lines.customer_id,
        lines.store_id,
        lines.order_id,
        lines.order_date,
        coalesce(products.category_name, 'uncategorized') as category_name,
        sum(lines.net_amount) as sales_amount
    from lines
    left join products
        on
            lines.merchant_id = products.merchant_id
            and lines.store_id = products.store_id
            and lines.product_id = products.product_id
    where
        lines.customer_id is not null
        and not lines.is_gift_card
    group by
        lines.merchant_id, lines.customer_id, lines.store_id, lines.order_id, lines.order_date, products.category_name

),

preferences as (

    select
        merchant_id,
        customer_id,
        category_name,
        count(*) as order_count,
        sum(sales_amount) as sales_amount,
        max(order_date) as last_order_date,
        sum(sum(sales_amount)) over (partition by merchant_id, customer_id) as customer_sales_amount
    from bought
    group by merchant_id, customer_id, category_name

),

merchants as (

    select
        merchant_id,
        sum(order_count) as order_count
    from customers
    group by merchant_id

),

-- What everybody does, of which a customer's own share is so many times as much.
categories as (

    select
        preferences.merchant_id,
        preferences.category_name,
        {{ rate('sum(preferences.order_count)', 'max(merchants.order_count)') }} as order_rate,
        {{ rate(
            'sum(preferences.sales_amount)',
            'sum(sum(preferences.sales_amount)) over (partition by preferences.merchant_id)'
        ) }} as sales_rate
    from preferences
    inner join merchants
        on preferences.merchant_id = merchants.merchant_id
    group by preferences.merchant_id, preferences.category_name

)

select
    preferences.merchant_id,
    preferences.customer_id,
    preferences.category_name,
    preferences.last_order_date,
    preferences.order_count,
    {{ money('preferences.sales_amount') }} as sales_amount,
    customers.currency_code,
    {{ rate('preferences.order_count', 'customers.order_count') }} as order_rate,
    {{ rate('preferences.sales_amount', 'preferences.customer_sales_amount') }} as sales_rate,
    categories.order_rate as merchant_order_rate,
    categories.sales_rate as merchant_sales_rate,
    {{ rate('preferences.order_count', 'customers.order_count * categories.order_rate') }} as order_lift,
    {{ rate('preferences.sales_amount', 'preferences.customer_sales_amount * categories.sales_rate') }} as sales_lift,
    row_number() over (
        partition by preferences.merchant_id, preferences.customer_id
        order by preferences.sales_amount desc, preferences.order_count desc, preferences.category_name asc
    ) = 1 as is_top_category
from preferences
inner join customers
    on
        preferences.merchant_id = customers.merchant_id
        and preferences.customer_id = customers.customer_id
inner join categories
    on
        preferences.merchant_id = categories.merchant_id
        and preferences.category_name = categories.category_name
