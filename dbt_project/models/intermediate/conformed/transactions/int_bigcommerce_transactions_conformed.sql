with transactions as (

    select * from {{ ref('stg_bigcommerce__transactions') }}

)

select
    merchant_id,
    store_id,
    transaction_id,
    order_id,
    cast(null as text) as refund_id,
    case
        when transaction_event = 'purchase' then 'sale'
        when transaction_event in ('authorization', 'capture', 'refund', 'void') then transaction_event
        else 'other'
    end as transaction_kind,
    case
        when transaction_status = 'ok' then 'success'
        when transaction_status = 'error' then 'failure'
        else 'pending'
    end as transaction_status,
    gateway,
    coalesce(payment_method = 'gift_certificate', false) as is_gift_card,
    coalesce(payment_method = 'store_credit', false) as is_store_credit,
    is_test,
    processed_at,
    original_amount,
    original_currency_code,
    'bigcommerce' as source_name
from transactions
