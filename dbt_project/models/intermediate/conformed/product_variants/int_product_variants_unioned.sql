-- Another source adds itself here.
with records as (

    select * from {{ ref('int_bigcommerce_product_variants_conformed') }}
    union all
    select * from {{ ref('int_files_product_variants_conformed') }}
    union all
    select * from {{ ref('int_shopify_product_variants_conformed') }}
    union all
    select * from {{ ref('int_woocommerce_product_variants_conformed') }}

)

select
    merchant_id,
    store_id,
    variant_id,
    product_id,
    variant_name,
    sku,
    price_amount,
    unit_cost_amount,
    original_currency_code,
    source_name
from records
