{{ config(tags=['after_ml'], meta={'dagster': {'ref': {'name': 'customer_360'}}}) }}

-- What is published of a merchant is everything that the facts hold of customers, unless its publish is withheld.
with published as (

    select * from {{ ref('customer_360') }}

),

customers as (

    select * from {{ ref('dim_customers') }}

),

orders as (

    select * from {{ ref('fct_orders') }}

),

refunds as (

    select * from {{ ref('fct_refunds') }}

),

merchants as (

    select * from {{ ref('stg_ops__merchants') }}
    where not is_withheld

),

published_totals as (

    select
        merchant_id,
        count(*) as customer_count,
        sum(order_count) as order_count,
        sum(gross_amount) as gross_amount,
        sum(refund_amount) as refund_amount
    from published
    group by merchant_id

),

customer_totals as (

    select
        merchant_id,
        count(*) as customer_count
    from customers
    group by merchant_id

),

order_totals as (

    select
        merchant_id,
        count(*) as order_count,
        sum(amount) as gross_amount
    from orders
    where customer_id is not null
    group by merchant_id

),

refund_totals as (

    select
        merchant_id,
        sum(amount) as refund_amount
    from refunds
    where is_attributed
    group by merchant_id

)

select
    merchants.merchant_id,
    published_totals.customer_count,
    customer_totals.customer_count as expected_customer_count,
    published_totals.gross_amount,
    order_totals.gross_amount as expected_gross_amount,
    published_totals.refund_amount,
    refund_totals.refund_amount as expected_refund_amount
from merchants
left join published_totals on merchants.merchant_id = published_totals.merchant_id
left join customer_totals on merchants.merchant_id = customer_totals.merchant_id
left join order_totals on merchants.merchant_id = order_totals.merchant_id
left join refund_totals on merchants.merchant_id = refund_totals.merchant_id
where
    coalesce(published_totals.customer_count, 0) <> coalesce(customer_totals.customer_count, 0)
    or coalesce(published_totals.order_count, 0) <> coalesce(order_totals.order_count, 0)
    or coalesce(published_totals.gross_amount, 0) <> coalesce(order_totals.gross_amount, 0)
    or coalesce(published_totals.refund_amount, 0) <> coalesce(refund_totals.refund_amount, 0)
