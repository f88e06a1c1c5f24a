{{ config(severity='warn') }}

-- Orders in a status that no eligibility rule knows are counted. Plugins add statuses, and so may a platform: somebody
-- should say whether these are sales.
with orders as (

    select * from {{ ref('int_orders_reconciled') }}

)

select
    merchant_id,
    store_id,
    source_name,
    order_status,
    count(*) as order_count,
    min(ordered_at) as first_ordered_at,
    max(ordered_at) as last_ordered_at
from orders
where not is_known_status
group by merchant_id, store_id, source_name, order_status
