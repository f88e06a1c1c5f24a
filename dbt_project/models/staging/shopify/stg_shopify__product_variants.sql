with source as (

    select * from {{ source('raw_shopify', 'product_variants') }}

)

select
    merchant_id,
    store_id,
    product_id,
    variant_id,
    title as variant_name,
    nullif(sku, '') as sku,
    price as price_amount,
    loaded_at
from source
-- Tombstones are the landing's bookkeeping. They end here, once, so that no model downstream can forget them.
where not is_deleted
