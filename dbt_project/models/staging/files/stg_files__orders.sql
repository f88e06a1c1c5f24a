with source as (

    select * from {{ source('raw_files', 'orders') }}

)

select
    merchant_id,
    store_id,
    order_id,
    customer_id,
    ordered_at,
    amount as original_amount,
    currency_code as original_currency_code,
    quantity,
    channel,
    nullif(trim(email), '') as email,
    is_generated_id,
    loaded_at
from source
-- Tombstones are the landing's bookkeeping. They end here, once, so that no model downstream can forget them.
where not is_deleted
