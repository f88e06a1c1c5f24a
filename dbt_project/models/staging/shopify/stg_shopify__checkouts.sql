with source as (

    select * from {{ source('raw_shopify', 'checkouts') }}

)

select
    merchant_id,
    store_id,
    checkout_id,
    customer_id as account_id,
    created_at,
    completed_at,
    currency_code as original_currency_code,
    total_price_shop_amount as total_amount,
    source_updated_at,
    loaded_at
from source
-- Tombstones are the landing's bookkeeping. They end here, once, so that no model downstream can forget them.
where not is_deleted
