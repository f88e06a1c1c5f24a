{{ config(meta={'dagster': {'ref': {'name': 'fct_order_lines'}}}) }}

-- A line that is lost or doubled on its way would be revenue of no product, or of two. A file's order is what it says,
-- whatever its lines come to.
with lines as (

    select * from {{ ref('fct_order_lines') }}

),

orders as (

    select * from {{ ref('fct_orders') }}

),

order_terms as (

    select * from {{ ref('int_orders_reconciled') }}

),

lines_summed as (

    select
        merchant_id,
        store_id,
        order_id,
        sum(original_gross_amount) as lines_amount
    from lines
    group by merchant_id, store_id, order_id

)

select
    orders.merchant_id,
    orders.store_id,
    orders.order_id,
    lines_summed.lines_amount,
    order_terms.lines_amount as expected_lines_amount
from orders
inner join order_terms
    on
        orders.merchant_id = order_terms.merchant_id
        and orders.store_id = order_terms.store_id
        and orders.order_id = order_terms.order_id
left join lines_summed
    on
        orders.merchant_id = lines_summed.merchant_id
        and orders.store_id = lines_summed.store_id
        and orders.order_id = lines_summed.order_id
where
    orders.source_name <> 'files'
    and coalesce(lines_summed.lines_amount, 0) <> order_terms.lines_amount
