-- Which share of each month's sales was sent back since?
-- By the month of the purchase, not of the refund: young months are not done yet.
with

returned as (
    select
        merchant_id,
        cast(date_trunc('month', purchase_date) as date) as month_start,
        sum(amount) as refund_amount
    from marts.fct_refunds
    where
        merchant_id = 'my_brand'
        and is_attributed
    group by merchant_id, month_start
),

sales as (
    select
        merchant_id,
        cast(date_trunc('month', order_date) as date) as month_start,
        sum(amount) as gross_amount
    from marts.fct_orders
    where
        merchant_id = 'my_brand'
        and customer_id is not null
    group by merchant_id, month_start
)

select
    sales.month_start,
    sales.gross_amount,
    coalesce(returned.refund_amount, 0) as refund_amount,
    round(coalesce(returned.refund_amount, 0) / nullif(sales.gross_amount, 0), 4) as refund_rate
from sales
left join returned
    on
        sales.merchant_id = returned.merchant_id
        and sales.month_start = returned.month_start
order by sales.month_start
