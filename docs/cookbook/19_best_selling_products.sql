-- What sells best?
-- Net of discounts and of included tax. A gift card is no sale until it is redeemed.
select
    product_id,
    max(product_name) as product_name,
    sum(quantity) as quantity,
    count(distinct store_id || ':' || order_id) as order_count,
    sum(net_amount) as net_amount
from marts.fct_order_lines
where
    merchant_id = 'my_brand'
    and product_id is not null
    and not is_gift_card
group by product_id
order by net_amount desc, product_id asc
limit 20
