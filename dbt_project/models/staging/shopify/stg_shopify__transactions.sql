with source as (

    select * from {{ source('raw_shopify', 'transactions') }}

)

select
    merchant_id,
    store_id,
    order_id,
    transaction_id,
    refund_id,
    kind as transaction_kind,
    status as transaction_status,
    gateway,
    test as is_test,
    coalesce(processed_at, created_at) as processed_at,
    amount_shop_amount as original_amount,
    currency_code as original_currency_code,
    loaded_at
from source
-- Tombstones are the landing's bookkeeping. They end here, once, so that no model downstream can forget them.
where not is_deleted
