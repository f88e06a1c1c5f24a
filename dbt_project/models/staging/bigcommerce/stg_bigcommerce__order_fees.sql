with source as (

    select * from {{ source('raw_bigcommerce', 'order_fees') }}

)

select
    merchant_id,
    store_id,
    order_id,
    fee_id,
    display_name_customer as fee_name,
    coalesce(cost_ex_tax, 0) as fee_ex_tax_amount,
    coalesce(cost_inc_tax, 0) as fee_inc_tax_amount,
    loaded_at
from source
-- Tombstones are the landing's bookkeeping. They end here, once, so that no model downstream can forget them.
where not is_deleted
