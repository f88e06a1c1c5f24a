-- On which weekdays do people buy?
-- Days without an order count as days: `dim_dates` has them all. 1 is Monday.
select
    dates.iso_weekday_number,
    count(distinct dates.calendar_date) as day_count,
    count(orders.order_id) as order_count,
    coalesce(sum(orders.amount), 0) as gross_amount,
    round(coalesce(sum(orders.amount), 0) / count(distinct dates.calendar_date), 2) as gross_per_day_amount
from marts.dim_dates as dates
left join marts.fct_orders as orders
    on
        dates.merchant_id = orders.merchant_id
        and dates.calendar_date = orders.order_date
where dates.merchant_id = 'my_brand'
group by dates.iso_weekday_number
order by dates.iso_weekday_number
