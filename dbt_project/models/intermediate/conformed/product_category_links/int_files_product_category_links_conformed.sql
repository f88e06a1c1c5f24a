with products as (

    select * from {{ ref('int_files_products_ranged') }}

)

select
    merchant_id,
    store_id,
    product_id,
    category_name as category_id,
    'files' as source_name
from products
where
    is_current
    and category_name is not null
