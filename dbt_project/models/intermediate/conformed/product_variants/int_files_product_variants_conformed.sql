with products as (

    select * from {{ ref('int_files_products_ranged') }}

)

-- Files know no variants: each product is its own only one.
select
    merchant_id,
    store_id,
    product_id as variant_id,
    product_id,
    cast(null as text) as variant_name,
    sku,
    price_amount,
    unit_cost_amount,
    original_currency_code,
    'files' as source_name
from products
where is_current
