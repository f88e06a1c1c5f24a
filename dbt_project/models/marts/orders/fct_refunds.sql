{{ config(indexes=[
    {'columns': ['merchant_id', 'customer_id']},
    {'columns': ['merchant_id', 'refund_date']},
]) }}

with refunds as (

    select * from {{ ref('int_refunds_attributed') }}

)

select
    merchant_id,
    store_id,
    refund_id,
    order_id,
    customer_id,
    refunded_at,
    refund_date,
    purchase_date,
    purchase_date is not null as is_attributed,
    amount,
    currency_code,
    original_amount,
    original_currency_code
from refunds
