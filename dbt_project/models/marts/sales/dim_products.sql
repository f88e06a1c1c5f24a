{{ config(indexes=[{'columns': ['merchant_id', 'store_id', 'product_id']}]) }}

with products as (

    select * from {{ ref('int_products_unioned') }}

),

variants as (

    select * from {{ ref('int_product_variants_unioned') }}

),

categories as (

    select * from {{ ref('int_product_categories_unioned') }}

),

category_links as (

    select * from {{ ref('int_product_category_links_unioned') }}

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

-- Of a product's categories the narrowest says most of it.
categorized as (

    select distinct on (category_links.merchant_id, category_links.store_id, category_links.product_id)
        category_links.merchant_id,
        category_links.store_id,
        category_links.product_id,
        categories.category_name
    from category_links
    inner join categories
        on
            category_links.merchant_id = categories.merchant_id
            and category_links.store_id = categories.store_id
            and category_links.category_id = categories.category_id
    order by
        category_links.merchant_id asc,
        category_links.store_id asc,
        category_links.product_id asc,
        count(*) over (
            partition by category_links.merchant_id, category_links.store_id, category_links.category_id
        ) asc,
        category_links.category_id asc

),

-- What was sold and is in no catalogue any more is still a product.
sold as (

    select distinct on (merchant_id, store_id, product_id)
        merchant_id,
        store_id,
        product_id,
        product_name,
        source_name
    from lines
    where product_id is not null
    order by merchant_id asc, store_id asc, product_id asc, order_date desc, order_id asc, line_id asc

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
