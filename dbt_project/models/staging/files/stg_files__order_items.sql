with source as (

    select * from {{ source('raw_files', 'order_items') }}

)

select
    merchant_id,
    store_id,
    order_id,
    line_id,
    nullif(trim(product_id), '') as product_id,
    nullif(trim(sku), '') as sku,
    product_name,
    quantity,
    amount as original_amount,
    currency_code as original_currency_code,
    loaded_at
from source
-- Tombstones are the landing's bookkeeping. They end here, once, so that no model downstream can forget them.
where not is_deleted
