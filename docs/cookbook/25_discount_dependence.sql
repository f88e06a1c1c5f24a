-- Who buys only at a discount?
-- Customers with two orders or more, by how many of those took a discount.
with

discounted_orders as (
    select distinct
        merchant_id,
        store_id,
        order_id
    from marts.fct_discounts
    where merchant_id = 'my_brand'
),

customers as (
    select
        orders.customer_id,
        count(*) as order_count,
        count(discounted_orders.order_id) as discounted_order_count,
        sum(orders.amount) as gross_amount
    from marts.fct_orders as orders
    left join discounted_orders
        on
            orders.merchant_id = discounted_orders.merchant_id
            and orders.store_id = discounted_orders.store_id
            and orders.order_id = discounted_orders.order_id
    where
        orders.merchant_id = 'my_brand'
        and orders.customer_id is not null
    group by orders.customer_id
    having count(*) > 1
)

select
    case
        when discounted_order_count = 0 then 'never'
        when discounted_order_count = order_count then 'always'
        else 'sometimes'
    end as takes_a_discount,
    count(*) as customer_count,
    sum(order_count) as order_count,
    sum(gross_amount) as gross_amount,
    round(sum(gross_amount) / sum(order_count), 2) as aov_amount
from customers
group by takes_a_discount
order by customer_count desc, takes_a_discount asc
