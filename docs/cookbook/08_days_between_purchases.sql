-- How long do customers wait before they buy again?
-- A quarter of all returns happened within the first number, half within the second, three quarters within the third.
with

purchase_days as (
    select distinct
        merchant_id,
        customer_id,
        order_date
    from marts.fct_orders
    where
        merchant_id = 'my_brand'
        and customer_id is not null
),

gaps as (
    select order_date - lag(order_date) over (partition by merchant_id, customer_id order by order_date) as gap_days
    from purchase_days
)

select
    count(*) as return_count,
    percentile_disc(0.25) within group (order by gap_days) as quarter_returned_days,
    percentile_disc(0.5) within group (order by gap_days) as half_returned_days,
    percentile_disc(0.75) within group (order by gap_days) as three_quarters_returned_days
from gaps
where gap_days is not null
