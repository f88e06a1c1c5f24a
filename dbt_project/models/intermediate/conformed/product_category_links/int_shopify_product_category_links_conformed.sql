with links as (

    select * from {{ ref('stg_shopify__product_category_links') }}

)

select
    merchant_id,
    store_id,
    product_id,
    category_id,
    'shopify' as source_name
from links
