with variants as (

    select * from {{ ref('stg_shopify__product_variants') }}

),

stores as (

    select * from {{ ref('int_stores_unioned') }}

)

select
    variants.merchant_id,
    variants.store_id,
    variants.variant_id,
    variants.product_id,
    variants.variant_name,
    variants.sku,
    variants.price_amount,
    cast(null as numeric(18, 4)) as unit_cost_amount,
    stores.original_currency_code,
    'shopify' as source_name
from variants
left join stores
    on
        variants.merchant_id = stores.merchant_id
        and variants.store_id = stores.store_id
