-- What does a new customer cost us, and is it paid back by the first order?
-- All marketing spend of a month over all customers who first ordered in it, whatever brought them.
with

spend as (
    select
        merchant_id,
        cast(date_trunc('month', spend_date) as date) as month_start,
        sum(amount) as spend_amount
    from marts.fct_marketing_spend
    where merchant_id = 'my_brand'
    group by merchant_id, month_start
),

first_orders as (
    select
        merchant_id,
        cast(date_trunc('month', order_date) as date) as month_start,
        count(*) as new_customer_count,
        avg(amount) as average_first_order_amount
    from marts.fct_orders
    where
        merchant_id = 'my_brand'
        and is_first_order
    group by merchant_id, month_start
)

select
    spend.month_start,
    spend.spend_amount,
    coalesce(first_orders.new_customer_count, 0) as new_customer_count,
    round(spend.spend_amount / first_orders.new_customer_count, 2) as cost_per_customer_amount,
    round(first_orders.average_first_order_amount, 2) as average_first_order_amount
from spend
left join first_orders
    on
        spend.merchant_id = first_orders.merchant_id
        and spend.month_start = first_orders.month_start
order by spend.month_start
