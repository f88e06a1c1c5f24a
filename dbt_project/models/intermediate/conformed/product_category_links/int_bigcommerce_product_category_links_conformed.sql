with links as (

    select * from {{ ref('stg_bigcommerce__product_category_links') }}

)

select
    merchant_id,
    store_id,
    product_id,
    category_id,
    'bigcommerce' as source_name
from links
