with transactions as (

    select * from {{ ref('stg_shopify__transactions') }}

)

select
    merchant_id,
    store_id,
    order_id,
    {{ money("coalesce(sum(original_amount) filter (where gateway = 'gift_card'), 0)") }} as gift_card_tender_amount,
    {{ money("coalesce(sum(original_amount) filter (where gateway = 'shopify_store_credit'), 0)") }}
        as store_credit_tender_amount
from transactions
where
    transaction_status = 'SUCCESS'
    and transaction_kind in ('SALE', 'CAPTURE')
group by merchant_id, store_id, order_id
