with source as (

    select * from {{ source('raw_shopify', 'discount_codes') }}

)

select
    merchant_id,
    store_id,
    discount_id,
    code_id,
    code,
    async_usage_count as usage_count,
    loaded_at
from source
-- Tombstones are the landing's bookkeeping. They end here, once, so that no model downstream can forget them.
where not is_deleted
