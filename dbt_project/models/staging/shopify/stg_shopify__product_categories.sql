with source as (

    select * from {{ source('raw_shopify', 'product_categories') }}

)

select
    merchant_id,
    store_id,
    category_id,
    title as category_name,
    loaded_at
from source
-- Tombstones are the landing's bookkeeping. They end here, once, so that no model downstream can forget them.
where not is_deleted
