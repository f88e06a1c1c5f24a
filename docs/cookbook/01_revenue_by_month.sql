-- What did we sell each month, and what came back?
-- Refunds stand in the month in which they were made, so a month that is over changes only when a late record arrives.
with

sales as (
    select
        merchant_id,
        cast(date_trunc('month', order_date) as date) as month_start,
        count(*) as order_count,
        sum(amount) as gross_amount
    from marts.fct_orders
    where merchant_id = 'my_brand'
    group by merchant_id, month_start
),

returned as (
    select
        merchant_id,
        cast(date_trunc('month', refund_date) as date) as month_start,
        sum(amount) as refund_amount
    from marts.fct_refunds
    where merchant_id = 'my_brand'
    group by merchant_id, month_start
)

select
    coalesce(sales.month_start, returned.month_start) as month_start,
    coalesce(sales.order_count, 0) as order_count,
    coalesce(sales.gross_amount, 0) as gross_amount,
    coalesce(returned.refund_amount, 0) as refund_amount,
    coalesce(sales.gross_amount, 0) - coalesce(returned.refund_amount, 0) as net_amount
from sales
full outer join returned
    on
        sales.merchant_id = returned.merchant_id
        and sales.month_start = returned.month_start
order by month_start
