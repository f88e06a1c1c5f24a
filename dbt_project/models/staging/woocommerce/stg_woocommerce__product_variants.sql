with source as (

    select * from {{ source('raw_woocommerce', 'product_variants') }}

)

select
    merchant_id,
    store_id,
    product_id,
    variation_id,
    nullif({{ plain_name('name') }}, '') as variant_name,
    status as variant_status,
    nullif(sku, '') as sku,
    price as price_amount,
    loaded_at
from source
-- Tombstones are the landing's bookkeeping. They end here, once, so that no model downstream can forget them.
where not is_deleted
