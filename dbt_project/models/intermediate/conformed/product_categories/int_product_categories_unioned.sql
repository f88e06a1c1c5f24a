-- Another source adds itself here.
with records as (

    select * from {{ ref('int_bigcommerce_product_categories_conformed') }}
    union all
    select * from {{ ref('int_files_product_categories_conformed') }}
    union all
    select * from {{ ref('int_shopify_product_categories_conformed') }}
    union all
    select * from {{ ref('int_woocommerce_product_categories_conformed') }}

)

select
    merchant_id,
    store_id,
    category_id,
    category_name,
    parent_category_id,
    source_name
from records
