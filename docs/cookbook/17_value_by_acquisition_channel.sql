-- Which channels bring customers who are worth having?
-- What they brought so far, per customer, and what is expected of them over the forecast's horizon.
select
    coalesce(dim_customers.acquisition_channel, 'unknown') as acquisition_channel,
    count(*) as customer_count,
    round(avg(case when customers.purchase_day_count > 1 then 1 else 0 end), 4) as repeat_rate,
    round(avg(customers.net_amount), 2) as average_net_amount,
    round(avg(customers.clv_amount), 2) as average_clv_amount
from marts.customer_360 as customers
inner join marts.dim_customers as dim_customers
    on
        customers.merchant_id = dim_customers.merchant_id
        and customers.customer_id = dim_customers.customer_id
where
    customers.merchant_id = 'my_brand'
    and customers.order_count > 0
group by coalesce(dim_customers.acquisition_channel, 'unknown')
order by customer_count desc, acquisition_channel asc
