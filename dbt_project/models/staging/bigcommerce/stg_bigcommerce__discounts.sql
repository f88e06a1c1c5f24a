with source as (

    select * from {{ source('raw_bigcommerce', 'discounts') }}

)

select
    merchant_id,
    store_id,
    discount_kind,
    discount_id,
    name as discount_name,
    code,
    type as discount_type,
    amount as discount_value,
    nullif(currency_code, '*') as original_currency_code,
    is_enabled,
    num_uses as usage_count,
    starts_at,
    ends_at,
    date_created as created_at,
    source_updated_at,
    loaded_at
from source
-- Tombstones are the landing's bookkeeping. They end here, once, so that no model downstream can forget them.
where not is_deleted
