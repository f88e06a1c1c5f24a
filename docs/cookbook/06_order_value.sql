-- How large is an order, and is that changing?
-- The median is not moved by one large order; where it and the mean drift apart, a few large orders are at work.
select
    cast(date_trunc('month', order_date) as date) as month_start,
    count(*) as order_count,
    round(avg(amount), 2) as aov_amount,
    percentile_disc(0.5) within group (order by amount) as median_order_amount
from marts.fct_orders
where
    merchant_id = 'my_brand'
    and amount > 0
group by month_start
order by month_start
