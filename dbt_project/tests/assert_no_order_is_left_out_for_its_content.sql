{{ config(severity='warn') }}

-- Orders that no total counts because of what they say. A warning: the others are right without them, but somebody
-- should look.
with orders as (

    select * from {{ ref('int_orders_unified') }}

)

select
    merchant_id,
    ineligible_reason,
    count(*) as order_count,
    min(order_date) as first_order_date,
    max(order_date) as last_order_date
from orders
where ineligible_reason in ('several_customers', 'several_currencies', 'negative_amount')
group by merchant_id, ineligible_reason
