-- Where are our customers in their life with us?
-- A stage goes by this merchant's own times between purchases: see lifecycle.md.
select
    lifecycle.lifecycle_stage,
    count(*) as customer_count,
    round(count(*) / sum(count(*)) over (), 4) as customer_share,
    sum(customers.net_amount) as net_amount,
    round(avg(lifecycle.days_since_last_purchase), 0) as average_days_since_last_purchase
from marts.customer_lifecycle as lifecycle
inner join marts.customer_360 as customers
    on
        lifecycle.merchant_id = customers.merchant_id
        and lifecycle.customer_id = customers.customer_id
where lifecycle.merchant_id = 'my_brand'
group by lifecycle.lifecycle_stage
order by customer_count desc, lifecycle.lifecycle_stage asc
