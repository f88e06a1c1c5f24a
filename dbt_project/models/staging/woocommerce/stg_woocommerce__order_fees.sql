with source as (

    select * from {{ source('raw_woocommerce', 'order_fees') }}

)

select
    merchant_id,
    store_id,
    order_id,
    fee_line_id,
    name as fee_name,
    total as fee_amount,
    total_tax as tax_amount,
    loaded_at
from source
-- Tombstones are the landing's bookkeeping. They end here, once, so that no model downstream can forget them.
where not is_deleted
