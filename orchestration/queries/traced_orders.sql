-- A customer's orders up to a day, as they are known now.
select
    source_name,
    store_id,
    order_id,
    order_date,
    amount,
    currency_code
from marts.fct_orders
where
    merchant_id = :merchant_id
    and customer_id = :customer_id
    and order_date <= :as_of_date
order by order_date, store_id, order_id
