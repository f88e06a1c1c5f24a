with source as (

    select * from {{ source('raw_bigcommerce', 'order_lines') }}

)

select
    merchant_id,
    store_id,
    order_id,
    order_product_id as line_id,
    nullif(product_id, '0') as product_id,
    nullif(variant_id, '0') as variant_id,
    nullif(sku, '') as sku,
    name as product_name,
    quantity,
    type = 'giftcertificate' as is_gift_card,
    total_ex_tax as total_ex_tax_amount,
    total_inc_tax as total_inc_tax_amount,
    coalesce(total_tax, 0) as tax_amount,
    -- 0 is what a cost that nobody entered comes as.
    nullif(cost_price_ex_tax, 0) as unit_cost_amount,
    loaded_at
from source
-- Tombstones are the landing's bookkeeping. They end here, once, so that no model downstream can forget them.
where not is_deleted
