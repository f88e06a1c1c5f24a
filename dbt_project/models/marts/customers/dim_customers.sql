{{ config(
    tags=['before_ml'],
    indexes=[{'columns': ['merchant_id', 'customer_id']}],
) }}

with people as (

    select * from {{ ref('int_customers_unified') }}

),

buyers as (

    select * from {{ ref('int_customers_summarized') }}

),

first_orders as (

    select * from {{ ref('int_first_orders_described') }}

),

order_lines as (

    select * from {{ ref('fct_order_lines') }}

),

products as (

    select * from {{ ref('dim_products') }}

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
    coalesce(buyers.merchant_id, people.merchant_id) as merchant_id,
    coalesce(buyers.customer_id, people.customer_id) as customer_id,
    buyers.first_order_date,
    buyers.last_order_date,
    coalesce(buyers.order_count, 0) as order_count,
    buyers.acquisition_month,
    buyers.first_purchase_date,
    buyers.last_purchase_date,
    coalesce(buyers.purchase_day_count, 0) as purchase_day_count,
    first_orders.channel as acquisition_channel,
    first_orders.country_code,
    first_orders.has_discount as has_acquisition_discount,
    first_lines.product_id as acquisition_product_id,
    first_lines.product_name as acquisition_product_name,
    first_lines.category_name as acquisition_category_name,
    people.email is not null as has_email,
    coalesce(people.has_email_consent, false) as has_email_consent,
    coalesce(people.is_generated, false) as is_generated_person
from buyers
full join people
    on
        buyers.merchant_id = people.merchant_id
        and buyers.customer_id = people.customer_id
left join first_orders
    on
        buyers.merchant_id = first_orders.merchant_id
        and buyers.customer_id = first_orders.customer_id
left join first_lines
    on
        buyers.merchant_id = first_lines.merchant_id
        and buyers.customer_id = first_lines.customer_id
