with source as (

    select * from {{ source('raw_bigcommerce', 'order_shipping_lines') }}

)

select
    merchant_id,
    store_id,
    order_id,
    order_address_id as shipping_line_id,
    shipping_method,
    cost_ex_tax as shipping_ex_tax_amount,
    cost_inc_tax as shipping_inc_tax_amount,
    handling_cost_ex_tax as handling_ex_tax_amount,
    handling_cost_inc_tax as handling_inc_tax_amount,
    loaded_at
from source
-- Tombstones are the landing's bookkeeping. They end here, once, so that no model downstream can forget them.
where not is_deleted
