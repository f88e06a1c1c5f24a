{{ config(indexes=[{'columns': ['merchant_id', 'store_id', 'product_id']}]) }}

with products as (

    select * from {{ ref('int_products_unioned') }}

),

variants as (

    select * from {{ ref('int_product_variants_unioned') }}

),

categorized as (

    select * from {{ ref('int_product_categories_narrowed') }}

),

lines as (

    select * from {{ ref('fct_order_lines') }}

),

variants_rolled_up as (

    select
        merchant_id,
        store_id,
        product_id,
        count(*) as variant_count,
        min(price_amount) as lowest_price_amount,
        max(price_amount) as highest_price_amount,
        avg(unit_cost_amount) as unit_cost_amount,
        max(original_currency_code) as original_currency_code
    from variants
    group by merchant_id, store_id, product_id

),

-- What was sold and is in no catalogue any more is still a product. The lines of all others need no sorting for that.
sold as (

    select distinct on (lines.merchant_id, lines.store_id, lines.product_id)
        lines.merchant_id,
        lines.store_id,
        lines.product_id,
        lines.product_name,
        lines.source_name
    from lines
    left join products
        on
            lines.merchant_id = products.merchant_id
            and lines.store_id = products.store_id
            and lines.product_id = products.product_id
    where
        lines.product_id is not null
        and products.product_name is null
    order by
        lines.merchant_id asc,
        lines.store_id asc,
        lines.product_id asc,
        lines.order_date desc,
        lines.order_id asc,
        lines.line_id asc

)

select
    coalesce(products.merchant_id, sold.merchant_id) as merchant_id,
    coalesce(products.store_id, sold.store_id) as store_id,
    coalesce(products.product_id, sold.product_id) as product_id,
    coalesce(products.product_name, sold.product_name) as product_name,
    categorized.category_name,
    products.product_type,
    coalesce(products.is_active, false) as is_active,
    products.product_id is not null as is_in_catalogue,
    coalesce(variants_rolled_up.variant_count, 0) as variant_count,
    variants_rolled_up.lowest_price_amount,
    variants_rolled_up.highest_price_amount,
    {{ money('variants_rolled_up.unit_cost_amount') }} as unit_cost_amount,
    variants_rolled_up.original_currency_code,
    coalesce(products.source_name, sold.source_name) as source_name
from products
full join sold
    on
        products.merchant_id = sold.merchant_id
        and products.store_id = sold.store_id
        and products.product_id = sold.product_id
left join variants_rolled_up
    on
        products.merchant_id = variants_rolled_up.merchant_id
        and products.store_id = variants_rolled_up.store_id
        and products.product_id = variants_rolled_up.product_id
left join categorized
    on
        products.merchant_id = categorized.merchant_id
        and products.store_id = categorized.store_id
        and products.product_id = categorized.product_id
