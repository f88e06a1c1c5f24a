with source as (

    select * from {{ source('raw_shopify', 'discounts') }}

)

select
    merchant_id,
    store_id,
    discount_id,
    title as discount_name,
    type as discount_type,
    status as discount_status,
    value_percentage as value_rate,
    value_amount,
    value_currency_code,
    starts_at,
    ends_at,
    async_usage_count as usage_count,
    created_at,
    source_updated_at,
    loaded_at
from source
-- Tombstones are the landing's bookkeeping. They end here, once, so that no model downstream can forget them.
where not is_deleted
