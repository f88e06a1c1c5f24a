with products as (

    select * from {{ ref('stg_shopify__products') }}

)

select
    merchant_id,
    store_id,
    product_id,
    product_name,
    product_type,
    cast(null as text) as sku,
    product_status = 'ACTIVE' as is_active,
    coalesce(is_gift_card, false) as is_gift_card,
    created_at,
    source_updated_at,
    'shopify' as source_name
from products
