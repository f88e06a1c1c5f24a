-- What does each store contribute, and is it still selling?
select
    stores.store_id,
    stores.store_name,
    stores.source_name,
    count(orders.order_id) as order_count,
    coalesce(sum(orders.amount), 0) as gross_amount,
    max(orders.order_date) as last_order_date
from marts.dim_stores as stores
left join marts.fct_orders as orders
    on
        stores.merchant_id = orders.merchant_id
        and stores.store_id = orders.store_id
where stores.merchant_id = 'my_brand'
group by stores.store_id, stores.store_name, stores.source_name
order by gross_amount desc, stores.store_id asc
