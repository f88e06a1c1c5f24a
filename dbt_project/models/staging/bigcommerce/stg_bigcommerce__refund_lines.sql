with source as (

    select * from {{ source('raw_bigcommerce', 'refund_lines') }}

)

select
    merchant_id,
    store_id,
    order_id,
    refund_id,
    item_position,
    item_type,
    item_id,
    quantity,
    requested_amount,
    coalesce(-adjustments_amount, 0) as kept_back_amount,
    loaded_at
from source
-- Tombstones are the landing's bookkeeping. They end here, once, so that no model downstream can forget them.
where not is_deleted
