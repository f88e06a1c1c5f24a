-- Which orders do not count, and why?
-- The first thing to look at when a number differs from the shop's own.
select
    store_id,
    eligibility,
    is_counted,
    order_count,
    amount,
    first_order_date,
    last_order_date
from marts.order_eligibility
where merchant_id = 'my_brand'
order by is_counted asc, order_count desc, store_id asc, eligibility asc
