with source as (

    select * from {{ source('raw_woocommerce', 'refund_lines') }}

)

select
    merchant_id,
    store_id,
    order_id,
    refund_id,
    line_id,
    line_type,
    nullif(refunded_item_id, '') as refunded_line_id,
    nullif(product_id, '0') as product_id,
    nullif(sku, '') as sku,
    {{ plain_name('name') }} as product_name,
    -quantity as quantity,
    -total as total_amount,
    -total_tax as tax_amount,
    loaded_at
from source
-- Tombstones are the landing's bookkeeping. They end here, once, so that no model downstream can forget them.
where not is_deleted
