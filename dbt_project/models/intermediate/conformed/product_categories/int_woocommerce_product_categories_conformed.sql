with categories as (

    select * from {{ ref('stg_woocommerce__product_categories') }}

)

select
    merchant_id,
    store_id,
    category_id,
    category_name,
    parent_category_id,
    'woocommerce' as source_name
from categories
