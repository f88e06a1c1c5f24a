with source as (

    select * from {{ source('raw_shopify', 'checkout_lines') }}

)

select
    merchant_id,
    store_id,
    checkout_id,
    line_id,
    product_id,
    variant_id,
    nullif(sku, '') as sku,
    title as product_name,
    quantity,
    currency_code as original_currency_code,
    original_total_price_shop_amount as line_amount,
    loaded_at
from source
-- Tombstones are the landing's bookkeeping. They end here, once, so that no model downstream can forget them.
where not is_deleted
