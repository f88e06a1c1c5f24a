with products as (

    select * from {{ ref('int_files_products_ranged') }}

)

-- A file says of a product what holds from a day on, and nothing of when it was made or changed.
select
    merchant_id,
    store_id,
    product_id,
    product_name,
    cast(null as text) as product_type,
    sku,
    true as is_active,
    false as is_gift_card,
    cast(null as timestamptz) as created_at,
    cast(null as timestamptz) as source_updated_at,
    'files' as source_name
from products
where is_current
