with source as (

    select * from {{ source('raw_shopify', 'customer_aliases') }}

)

select
    merchant_id,
    store_id,
    customer_id as account_id,
    merged_into_customer_id as merged_into_account_id,
    noticed_at,
    loaded_at
from source
-- Tombstones are the landing's bookkeeping. They end here, once, so that no model downstream can forget them.
where not is_deleted
