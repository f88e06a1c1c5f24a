with source as (

    select * from {{ source('raw_shopify', 'order_discounts') }}

)

select
    merchant_id,
    store_id,
    order_id,
    discount_index,
    code,
    title as discount_name,
    type as discount_type,
    loaded_at
from source
-- Tombstones are the landing's bookkeeping. They end here, once, so that no model downstream can forget them.
where not is_deleted
