with source as (

    select * from {{ source('raw_files', 'products') }}

)

select
    merchant_id,
    store_id,
    product_id,
    valid_from as valid_from_date,
    product_name,
    nullif(trim(category_name), '') as category_name,
    nullif(trim(sku), '') as sku,
    price_amount,
    unit_cost_amount,
    currency_code as original_currency_code,
    loaded_at
from source
-- Tombstones are the landing's bookkeeping. They end here, once, so that no model downstream can forget them.
where not is_deleted
