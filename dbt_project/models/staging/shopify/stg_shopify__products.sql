with source as (

    select * from {{ source('raw_shopify', 'products') }}

)

select
    merchant_id,
    store_id,
    product_id,
    title as product_name,
    nullif(product_type, '') as product_type,
    status as product_status,
    is_gift_card,
    created_at,
    source_updated_at,
    loaded_at
from source
-- Tombstones are the landing's bookkeeping. They end here, once, so that no model downstream can forget them.
where not is_deleted
