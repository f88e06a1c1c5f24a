with source as (

    select * from {{ source('raw_woocommerce', 'refunds') }}

)

select
    merchant_id,
    store_id,
    order_id,
    refund_id,
    coalesce(date_created_gmt, loaded_at) as refunded_at,
    amount as total_amount,
    reason,
    refunded_payment as is_paid_back,
    loaded_at
from source
-- Tombstones are the landing's bookkeeping. They end here, once, so that no model downstream can forget them.
where not is_deleted
