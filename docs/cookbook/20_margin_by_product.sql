-- On what do we earn, and on what do we lose?
-- Only lines whose cost is known; the last column says how much of the product's sales that is.
select
    product_id,
    sum(margin_amount) as margin_amount,
    round(sum(margin_amount) / nullif(sum(net_amount) filter (where margin_amount is not null), 0), 4) as margin_rate,
    round(sum(net_amount) filter (where margin_amount is not null) / nullif(sum(net_amount), 0), 4) as costed_share
from marts.fct_order_lines
where
    merchant_id = 'my_brand'
    and product_id is not null
group by product_id
having count(margin_amount) > 0
order by margin_amount desc, product_id asc
