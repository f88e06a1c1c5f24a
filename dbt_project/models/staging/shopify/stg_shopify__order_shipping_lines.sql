with source as (

    select * from {{ source('raw_shopify', 'order_shipping_lines') }}

)

select
    merchant_id,
    store_id,
    order_id,
    shipping_line_id,
    title as shipping_method,
    coalesce(is_removed, false) as is_removed,
    currency_code as original_currency_code,
    discounted_price_shop_amount as shipping_amount,
    coalesce(tax_lines_shop_amount, 0) as line_tax_amount,
    loaded_at
from source
-- Tombstones are the landing's bookkeeping. They end here, once, so that no model downstream can forget them.
where not is_deleted
