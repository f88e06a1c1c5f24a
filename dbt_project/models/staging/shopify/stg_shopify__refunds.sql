with source as (

    select * from {{ source('raw_shopify', 'refunds') }}

)

select
    merchant_id,
    store_id,
    order_id,
    refund_id,
    processed_at as refunded_at,
    currency_code as original_currency_code,
    presentment_currency_code,
    total_refunded_shop_amount as total_amount,
    coalesce(duties_shop_amount, 0) as duty_amount,
    loaded_at
from source
-- Tombstones are the landing's bookkeeping. They end here, once, so that no model downstream can forget them.
where not is_deleted
