with links as (

    select * from {{ ref('stg_woocommerce__product_category_links') }}

)

select
    merchant_id,
    store_id,
    product_id,
    category_id,
    'woocommerce' as source_name
from links
