-- Which discount codes are used, what do they cost, and whom do they bring?
with

discounts as (
    select
        merchant_id,
        store_id,
        order_id,
        is_first_order,
        coalesce(code, discount_name, 'without a code') as discount,
        sum(discount_amount) as discount_amount
    from marts.fct_discounts
    where merchant_id = 'my_brand'
    group by merchant_id, store_id, order_id, is_first_order, discount
)

select
    discounts.discount,
    count(*) as order_count,
    count(*) filter (where discounts.is_first_order) as first_order_count,
    sum(discounts.discount_amount) as discount_amount,
    sum(orders.amount) as gross_amount
from discounts
inner join marts.fct_orders as orders
    on
        discounts.merchant_id = orders.merchant_id
        and discounts.store_id = orders.store_id
        and discounts.order_id = orders.order_id
group by discounts.discount
order by order_count desc, discounts.discount asc
