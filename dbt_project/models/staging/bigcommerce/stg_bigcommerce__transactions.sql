with source as (

    select * from {{ source('raw_bigcommerce', 'transactions') }}

)

select
    merchant_id,
    store_id,
    order_id,
    transaction_id,
    event as transaction_event,
    status as transaction_status,
    method as payment_method,
    gateway,
    reference_transaction_id,
    amount as original_amount,
    currency as original_currency_code,
    coalesce(test, false) as is_test,
    date_created as processed_at,
    loaded_at
from source
-- Tombstones are the landing's bookkeeping. They end here, once, so that no model downstream can forget them.
where not is_deleted
