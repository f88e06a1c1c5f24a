-- Another source adds itself here.
with records as (

    select * from {{ ref('int_bigcommerce_products_conformed') }}
    union all
    select * from {{ ref('int_files_products_conformed') }}
    union all
    select * from {{ ref('int_shopify_products_conformed') }}
    union all
    select * from {{ ref('int_woocommerce_products_conformed') }}

)

select
    merchant_id,
    store_id,
    product_id,
    product_name,
    product_type,
    sku,
    is_active,
    is_gift_card,
    created_at,
    source_updated_at,
    source_name
from records
