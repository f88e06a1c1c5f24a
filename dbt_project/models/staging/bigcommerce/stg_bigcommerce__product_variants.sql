with source as (

    select * from {{ source('raw_bigcommerce', 'product_variants') }}

)

select
    merchant_id,
    store_id,
    product_id,
    variant_id,
    nullif(options, '') as variant_name,
    nullif(sku, '') as sku,
    coalesce(price, calculated_price) as price_amount,
    nullif(cost_price, 0) as unit_cost_amount,
    purchasing_disabled as is_unavailable,
    loaded_at
from source
-- Tombstones are the landing's bookkeeping. They end here, once, so that no model downstream can forget them.
where not is_deleted
