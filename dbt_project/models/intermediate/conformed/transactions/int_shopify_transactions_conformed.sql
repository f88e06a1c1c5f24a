with transactions as (

    select * from {{ ref('stg_shopify__transactions') }}

)

select
    merchant_id,
    store_id,
    transaction_id,
    order_id,
    refund_id,
    case
        when transaction_kind in ('SALE', 'CAPTURE', 'AUTHORIZATION', 'REFUND', 'VOID') then lower(transaction_kind)
        when transaction_kind = 'EMV_AUTHORIZATION' then 'authorization'
        else 'other'
    end as transaction_kind,
    case
        when transaction_status = 'SUCCESS' then 'success'
        when transaction_status in ('FAILURE', 'ERROR') then 'failure'
        else 'pending'
    end as transaction_status,
    gateway,
    coalesce(gateway = 'gift_card', false) as is_gift_card,
    coalesce(gateway = 'shopify_store_credit', false) as is_store_credit,
    is_test,
    processed_at,
    original_amount,
    original_currency_code,
    'shopify' as source_name
from transactions
