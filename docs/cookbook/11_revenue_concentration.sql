-- Do we live on a few customers?
-- Customers in tenths by what they brought, the best tenth first, and which share of all revenue each tenth brought.
with

ranked as (
    select
        net_amount,
        ntile(10) over (order by net_amount desc, customer_id asc) as tenth_number
    from marts.customer_360
    where
        merchant_id = 'my_brand'
        and order_count > 0
)

select
    tenth_number,
    count(*) as customer_count,
    sum(net_amount) as net_amount,
    round(sum(net_amount) / nullif(sum(sum(net_amount)) over (), 0), 4) as net_share
from ranked
group by tenth_number
order by tenth_number
