with source as (

    select * from {{ source('raw_bigcommerce', 'order_taxes') }}

)

select
    merchant_id,
    store_id,
    order_id,
    tax_id,
    name as tax_name,
    line_item_type as taxed_part,
    order_product_id as line_id,
    rate as tax_percent,
    line_amount as tax_amount,
    loaded_at
from source
-- Tombstones are the landing's bookkeeping. They end here, once, so that no model downstream can forget them.
where not is_deleted
