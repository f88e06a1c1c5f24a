with products as (

    select * from {{ ref('stg_bigcommerce__products') }}

)

select
    merchant_id,
    store_id,
    product_id,
    product_name,
    product_type,
    sku,
    coalesce(is_visible, false) as is_active,
    false as is_gift_card,
    created_at,
    source_updated_at,
    'bigcommerce' as source_name
from products
