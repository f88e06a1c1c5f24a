-- Which first purchase makes people come back?
-- By the product of the first order that most was paid for, where at least five customers began with it.
select
    acquisition_product_id,
    max(acquisition_product_name) as product_name,
    count(*) as customer_count,
    count(*) filter (where purchase_day_count > 1) as repeat_customer_count,
    round(avg(case when purchase_day_count > 1 then 1 else 0 end), 4) as repeat_rate
from marts.dim_customers
where
    merchant_id = 'my_brand'
    and purchase_day_count > 0
    and acquisition_product_id is not null
group by acquisition_product_id
having count(*) >= 5
order by repeat_rate desc, customer_count desc, acquisition_product_id asc
