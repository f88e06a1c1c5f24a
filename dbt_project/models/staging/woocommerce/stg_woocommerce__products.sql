with source as (

    select * from {{ source('raw_woocommerce', 'products') }}

)

select
    merchant_id,
    store_id,
    product_id,
    {{ plain_name('name') }} as product_name,
    type as product_type,
    status as product_status,
    nullif(sku, '') as sku,
    price as price_amount,
    date_created_gmt as created_at,
    source_updated_at,
    loaded_at
from source
-- Tombstones are the landing's bookkeeping. They end here, once, so that no model downstream can forget them.
where not is_deleted
