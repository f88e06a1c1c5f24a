with source as (

    select * from {{ source('raw_files', 'marketing_spend') }}

)

select
    merchant_id,
    store_id,
    spend_id,
    spend_date,
    channel,
    campaign,
    amount as original_amount,
    currency_code as original_currency_code,
    loaded_at
from source
-- Tombstones are the landing's bookkeeping. They end here, once, so that no model downstream can forget them.
where not is_deleted
