with variations as (

    select * from {{ ref('stg_woocommerce__product_variants') }}

),

products as (

    select * from {{ ref('stg_woocommerce__products') }}

),

stores as (

    select * from {{ ref('int_stores_unioned') }}

),

-- A product that does not vary is its own only variant, as lines of orders have it too.
variants as (

    select
        merchant_id,
        store_id,
        variation_id as variant_id,
        product_id,
        variant_name,
        sku,
        price_amount
    from variations

    union all

    select
        merchant_id,
        store_id,
        product_id as variant_id,
        product_id,
        cast(null as text) as variant_name,
        sku,
        price_amount
    from products
    where
        not exists (
            select 1
            from variations
            where
                variations.merchant_id = products.merchant_id
                and variations.store_id = products.store_id
                and variations.product_id = products.product_id
        )

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
    'woocommerce' as source_name
from variants
left join stores
    on
        variants.merchant_id = stores.merchant_id
        and variants.store_id = stores.store_id
