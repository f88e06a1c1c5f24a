with products as (

    select * from {{ ref('int_files_products_ranged') }}

)

-- A file's category is its name.
select
    merchant_id,
    store_id,
    category_name as category_id,
    category_name,
    cast(null as text) as parent_category_id,
    'files' as source_name
from products
where
    is_current
    and category_name is not null
group by merchant_id, store_id, category_name
