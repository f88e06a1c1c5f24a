with source as (

    select * from {{ source('raw_shopify', 'refund_lines') }}

)

select
    merchant_id,
    store_id,
    order_id,
    refund_line_id,
    refund_id,
    line_id,
    quantity,
    currency_code as original_currency_code,
    subtotal_shop_amount as subtotal_amount,
    total_tax_shop_amount as line_tax_amount,
    loaded_at
from source
-- Tombstones are the landing's bookkeeping. They end here, once, so that no model downstream can forget them.
where not is_deleted
