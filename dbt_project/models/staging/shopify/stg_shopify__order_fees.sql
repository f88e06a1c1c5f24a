with source as (

    select * from {{ source('raw_shopify', 'order_fees') }}

)

select
    merchant_id,
    store_id,
    order_id,
    fee_id,
    name as fee_name,
    currency_code as original_currency_code,
    price_shop_amount as fee_amount,
    coalesce(tax_lines_shop_amount, 0) as fee_tax_amount,
    loaded_at
from source
-- Tombstones are the landing's bookkeeping. They end here, once, so that no model downstream can forget them.
where not is_deleted
