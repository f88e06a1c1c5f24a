with source as (

    select * from {{ source('raw_shopify', 'refund_adjustments') }}

)

select
    merchant_id,
    store_id,
    order_id,
    refund_adjustment_id,
    refund_id,
    reason as adjustment_reason,
    currency_code as original_currency_code,
    amount_shop_amount as adjustment_amount,
    tax_amount_shop_amount as adjustment_tax_amount,
    loaded_at
from source
-- Tombstones are the landing's bookkeeping. They end here, once, so that no model downstream can forget them.
where not is_deleted
