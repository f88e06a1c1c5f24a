-- Which products come back?
-- What was refunded of a product's sales, whenever it was refunded.
with

sold as (
    select
        merchant_id,
        product_id,
        max(product_name) as product_name,
        sum(quantity) as quantity,
        sum(net_amount) as net_amount
    from marts.fct_order_lines
    where
        merchant_id = 'my_brand'
        and product_id is not null
    group by merchant_id, product_id
),

returned as (
    select
        merchant_id,
        product_id,
        sum(quantity) as quantity,
        sum(net_amount) as net_amount
    from marts.fct_refund_lines
    where
        merchant_id = 'my_brand'
        and product_id is not null
    group by merchant_id, product_id
)

select
    sold.product_id,
    sold.product_name,
    sold.net_amount as sold_amount,
    coalesce(returned.net_amount, 0) as refunded_amount,
    round(coalesce(returned.net_amount, 0) / nullif(sold.net_amount, 0), 4) as refund_rate
from sold
left join returned
    on
        sold.merchant_id = returned.merchant_id
        and sold.product_id = returned.product_id
order by refund_rate desc nulls last, sold.product_id asc
