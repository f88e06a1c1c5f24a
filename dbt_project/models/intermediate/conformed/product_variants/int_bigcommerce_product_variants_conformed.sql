with variants as (

    select * from {{ ref('stg_bigcommerce__product_variants') }}

),

products as (

    select * from {{ ref('stg_bigcommerce__products') }}

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
    coalesce(variants.price_amount, products.price_amount) as price_amount,
    coalesce(variants.unit_cost_amount, products.unit_cost_amount) as unit_cost_amount,
    stores.original_currency_code,
    'bigcommerce' as source_name
from variants
left join products
    on
        variants.merchant_id = products.merchant_id
        and variants.store_id = products.store_id
        and variants.product_id = products.product_id
left join stores
    on
        variants.merchant_id = stores.merchant_id
        and variants.store_id = stores.store_id
