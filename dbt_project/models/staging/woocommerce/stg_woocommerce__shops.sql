with source as (

    select * from {{ source('raw_woocommerce', 'shop') }}

)

select
    merchant_id,
    store_id,
    shop_id,
    {{ plain_name('name') }} as shop_name,
    currency as original_currency_code,
    timezone_string as time_zone,
    price_num_decimals as decimal_places,
    -- The country may have a state after it, as in US:CA.
    nullif(upper(trim(split_part(default_country, ':', 1))), '') as country_code,
    loaded_at
from source
-- Tombstones are the landing's bookkeeping. They end here, once, so that no model downstream can forget them.
where not is_deleted
