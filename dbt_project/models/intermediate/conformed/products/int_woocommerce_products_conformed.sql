with products as (

    select * from {{ ref('stg_woocommerce__products') }}

)

select
    merchant_id,
    store_id,
    product_id,
    product_name,
    product_type,
    sku,
    coalesce(product_status = 'publish', false) as is_active,
    false as is_gift_card,
    created_at,
    source_updated_at,
    'woocommerce' as source_name
from products
