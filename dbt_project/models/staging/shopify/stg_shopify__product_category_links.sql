with source as (

    select * from {{ source('raw_shopify', 'product_category_links') }}

)

select
    merchant_id,
    store_id,
    category_id,
    product_id,
    loaded_at
from source
-- Tombstones are the landing's bookkeeping. They end here, once, so that no model downstream can forget them.
where not is_deleted
