-- Which share of our customers came back, and what do those bring?
select
    count(*) as customer_count,
    count(*) filter (where purchase_day_count > 1) as repeat_customer_count,
    round(avg(case when purchase_day_count > 1 then 1 else 0 end), 4) as repeat_rate,
    round(
        sum(net_amount) filter (where purchase_day_count > 1) / nullif(sum(net_amount), 0), 4
    ) as net_share_of_repeat_customers
from marts.customer_360
where
    merchant_id = 'my_brand'
    and purchase_day_count > 0
