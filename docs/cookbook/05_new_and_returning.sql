-- How much comes from new customers, and how much from those who return?
-- Orders of nobody known are neither.
select
    cast(date_trunc('month', order_date) as date) as month_start,
    count(*) filter (where is_first_order) as new_order_count,
    count(*) filter (where not is_first_order) as returning_order_count,
    coalesce(sum(amount) filter (where is_first_order), 0) as new_amount,
    coalesce(sum(amount) filter (where not is_first_order), 0) as returning_amount
from marts.fct_orders
where
    merchant_id = 'my_brand'
    and customer_id is not null
group by month_start
order by month_start
