with source as (

    select * from {{ source('raw_shopify', 'shop') }}

)

select
    merchant_id,
    store_id,
    shop_id,
    name as shop_name,
    currency_code as original_currency_code,
    iana_timezone as time_zone,
    loaded_at
from source
-- Tombstones are the landing's bookkeeping. They end here, once, so that no model downstream can forget them.
where not is_deleted
