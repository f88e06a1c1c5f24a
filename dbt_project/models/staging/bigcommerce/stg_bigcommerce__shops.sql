with source as (

    select * from {{ source('raw_bigcommerce', 'shop') }}

)

select
    merchant_id,
    store_id,
    shop_id,
    name as shop_name,
    currency as original_currency_code,
    timezone_name as time_zone,
    decimal_places,
    nullif(upper(trim(country_code)), '') as country_code,
    loaded_at
from source
-- Tombstones are the landing's bookkeeping. They end here, once, so that no model downstream can forget them.
where not is_deleted
