with source as (

    select * from {{ source('raw_woocommerce', 'order_shipping_lines') }}

)

select
    merchant_id,
    store_id,
    order_id,
    shipping_line_id,
    method_title as shipping_method,
    total as shipping_amount,
    total_tax as tax_amount,
    loaded_at
from source
-- Tombstones are the landing's bookkeeping. They end here, once, so that no model downstream can forget them.
where not is_deleted
