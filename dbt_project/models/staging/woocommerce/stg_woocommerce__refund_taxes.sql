with source as (

    select * from {{ source('raw_woocommerce', 'refund_taxes') }}

)

select
    merchant_id,
    store_id,
    order_id,
    refund_id,
    tax_line_id,
    label as tax_name,
    rate_code,
    -tax_total as tax_amount,
    -shipping_tax_total as shipping_tax_amount,
    loaded_at
from source
-- Tombstones are the landing's bookkeeping. They end here, once, so that no model downstream can forget them.
where not is_deleted
