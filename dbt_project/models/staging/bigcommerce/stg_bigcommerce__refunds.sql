with source as (

    select * from {{ source('raw_bigcommerce', 'refunds') }}

)

select
    merchant_id,
    store_id,
    order_id,
    refund_id,
    created as refunded_at,
    total_amount,
    coalesce(total_tax, 0) as tax_amount,
    reason,
    uses_merchant_override_values as has_entered_amounts,
    loaded_at
from source
-- Tombstones are the landing's bookkeeping. They end here, once, so that no model downstream can forget them.
where not is_deleted
