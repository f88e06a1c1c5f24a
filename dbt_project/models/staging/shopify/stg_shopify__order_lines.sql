with source as (

    select * from {{ source('raw_shopify', 'order_lines') }}

)

select
    merchant_id,
    store_id,
    order_id,
    line_id,
    product_id,
    variant_id,
    nullif(sku, '') as sku,
    title as product_name,
    quantity,
    current_quantity,
    is_gift_card,
    coalesce(requires_shipping, false) as is_shipped,
    currency_code as original_currency_code,
    presentment_currency_code,
    original_total_shop_amount as line_amount,
    coalesce(discount_allocations_shop_amount, 0) as discount_amount,
    coalesce(tax_lines_shop_amount, 0) as line_tax_amount,
    coalesce(duties_shop_amount, 0) as line_duty_amount,
    loaded_at
from source
-- Tombstones are the landing's bookkeeping. They end here, once, so that no model downstream can forget them.
where not is_deleted
