with source as (

    select * from {{ source('raw_bigcommerce', 'order_line_discounts') }}

)

select
    merchant_id,
    store_id,
    order_id,
    order_product_id as line_id,
    discount_position,
    name as discount_name,
    code,
    target as discount_target,
    amount as discount_amount,
    loaded_at
from source
-- Tombstones are the landing's bookkeeping. They end here, once, so that no model downstream can forget them.
where not is_deleted
