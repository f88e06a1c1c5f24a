-- Another source adds itself here.
with records as (

    select * from {{ ref('int_bigcommerce_product_category_links_conformed') }}
    union all
    select * from {{ ref('int_files_product_category_links_conformed') }}
    union all
    select * from {{ ref('int_shopify_product_category_links_conformed') }}
    union all
    select * from {{ ref('int_woocommerce_product_category_links_conformed') }}

)

select
    merchant_id,
    store_id,
    product_id,
    category_id,
    source_name
from records
