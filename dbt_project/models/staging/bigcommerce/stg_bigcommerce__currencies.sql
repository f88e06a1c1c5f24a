with source as (

    select * from {{ source('raw_bigcommerce', 'currencies') }}

)

select
    merchant_id,
    store_id,
    currency_id,
    currency_code as original_currency_code,
    decimal_places,
    is_default,
    is_transactional,
    currency_exchange_rate,
    loaded_at
from source
-- Tombstones are the landing's bookkeeping. They end here, once, so that no model downstream can forget them.
where not is_deleted
