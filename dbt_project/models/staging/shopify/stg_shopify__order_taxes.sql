with source as (

    select * from {{ source('raw_shopify', 'order_taxes') }}

)

select
    merchant_id,
    store_id,
    order_id,
    tax_index,
    title as tax_name,
    rate as tax_rate,
    currency_code as original_currency_code,
    price_shop_amount as order_tax_amount,
    loaded_at
from source
-- Tombstones are the landing's bookkeeping. They end here, once, so that no model downstream can forget them.
where not is_deleted
