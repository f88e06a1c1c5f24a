with source as (

    select * from {{ source('raw_bigcommerce', 'products') }}

)

select
    merchant_id,
    store_id,
    product_id,
    name as product_name,
    type as product_type,
    nullif(sku, '') as sku,
    is_visible,
    price as price_amount,
    nullif(cost_price, 0) as unit_cost_amount,
    date_created as created_at,
    source_updated_at,
    loaded_at
from source
-- Tombstones are the landing's bookkeeping. They end here, once, so that no model downstream can forget them.
where not is_deleted
