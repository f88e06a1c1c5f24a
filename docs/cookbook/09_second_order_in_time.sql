-- How many new customers order a second time within 30, 60 and 90 days?
-- Only customers whose first order is at least 90 days old: the others still have time.
with

first_orders as (
    select
        orders.merchant_id,
        orders.customer_id,
        orders.order_date as first_order_date
    from marts.fct_orders as orders
    inner join marts.dim_dates as dates
        on
            orders.merchant_id = dates.merchant_id
            and orders.order_date = dates.calendar_date
    where
        orders.merchant_id = 'my_brand'
        and orders.is_first_order
        and dates.days_before_as_of >= 90
),

second_orders as (
    select
        first_orders.customer_id,
        first_orders.first_order_date,
        orders.order_date - first_orders.first_order_date as days_to_second_order
    from first_orders
    left join marts.fct_orders as orders
        on
            first_orders.merchant_id = orders.merchant_id
            and first_orders.customer_id = orders.customer_id
            and orders.order_number = 2
)

select
    cast(date_trunc('quarter', first_order_date) as date) as quarter_start,
    count(*) as customer_count,
    count(*) filter (where days_to_second_order <= 30) as within_30_days_count,
    count(*) filter (where days_to_second_order <= 60) as within_60_days_count,
    count(*) filter (where days_to_second_order <= 90) as within_90_days_count
from second_orders
group by quarter_start
order by quarter_start
