with categories as (

    select * from {{ ref('stg_shopify__product_categories') }}

)

-- Collections, which the merchant makes and which do not nest.
select
    merchant_id,
    store_id,
    category_id,
    category_name,
    cast(null as text) as parent_category_id,
    'shopify' as source_name
from categories
