-- Who are our best customers so far?
-- Net of refunds, with how much that is for every month since their first order.
select
    customer_id,
    order_count,
    net_amount,
    net_per_month_amount,
    life_days
from marts.customer_history
where
    merchant_id = 'my_brand'
    and order_count > 0
order by net_amount desc, customer_id asc
limit 20
