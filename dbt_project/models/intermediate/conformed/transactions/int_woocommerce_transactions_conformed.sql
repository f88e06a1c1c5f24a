with orders as (

    select * from {{ ref('stg_woocommerce__orders') }}

),

refunds as (

    select * from {{ ref('stg_woocommerce__refunds') }}

)

-- WooCommerce keeps no transactions: what an order and its refunds say of their payment is one each.
select
    merchant_id,
    store_id,
    'payment:' || order_id as transaction_id,
    order_id,
    cast(null as text) as refund_id,
    'sale' as transaction_kind,
    'success' as transaction_status,
    payment_method as gateway,
    false as is_gift_card,
    false as is_store_credit,
    false as is_test,
    paid_at as processed_at,
    total_amount as original_amount,
    original_currency_code,
    'woocommerce' as source_name
from orders
where paid_at is not null

union all

select
    refunds.merchant_id,
    refunds.store_id,
    'refund:' || refunds.refund_id as transaction_id,
    refunds.order_id,
    refunds.refund_id,
    'refund' as transaction_kind,
    'success' as transaction_status,
    orders.payment_method as gateway,
    false as is_gift_card,
    false as is_store_credit,
    false as is_test,
    refunds.refunded_at as processed_at,
    refunds.total_amount as original_amount,
    orders.original_currency_code,
    'woocommerce' as source_name
from refunds
inner join orders
    on
        refunds.merchant_id = orders.merchant_id
        and refunds.store_id = orders.store_id
        and refunds.order_id = orders.order_id
