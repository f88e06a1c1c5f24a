with source as (

    select * from {{ source('raw_bigcommerce', 'refund_payments') }}

)

select
    merchant_id,
    store_id,
    order_id,
    refund_id,
    refund_payment_id,
    provider_id as payment_method,
    amount as payment_amount,
    is_declined,
    transaction_id,
    loaded_at
from source
-- Tombstones are the landing's bookkeeping. They end here, once, so that no model downstream can forget them.
where not is_deleted
