-- Another source adds itself here.
with records as (

    select * from {{ ref('int_bigcommerce_transactions_conformed') }}
    union all
    select * from {{ ref('int_shopify_transactions_conformed') }}
    union all
    select * from {{ ref('int_woocommerce_transactions_conformed') }}

)

select
    merchant_id,
    store_id,
    transaction_id,
    order_id,
    refund_id,
    transaction_kind,
    transaction_status,
    gateway,
    is_gift_card,
    is_store_credit,
    is_test,
    processed_at,
    original_amount,
    original_currency_code,
    source_name
from records
