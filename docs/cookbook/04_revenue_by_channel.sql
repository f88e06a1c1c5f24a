-- Through which channels do orders come, in the last 90 days?
select
    coalesce(orders.channel, 'unknown') as channel,
    count(*) as order_count,
    count(*) filter (where orders.is_first_order) as first_order_count,
    sum(orders.amount) as gross_amount,
    round(sum(orders.amount) / sum(sum(orders.amount)) over (), 4) as gross_share
from marts.fct_orders as orders
inner join marts.dim_dates as dates
    on
        orders.merchant_id = dates.merchant_id
        and orders.order_date = dates.calendar_date
where
    orders.merchant_id = 'my_brand'
    and dates.days_before_as_of < 90
group by coalesce(orders.channel, 'unknown')
having sum(orders.amount) > 0
order by gross_amount desc, channel asc
