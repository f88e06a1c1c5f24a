{{ config(materialized='view') }}

with orders as (

    select * from {{ ref('int_orders_unified') }}

),

order_terms as (

    select * from {{ ref('int_orders_reconciled') }}

),

refunds as (

    select * from {{ ref('int_refunds_unified') }}

),

refund_terms as (

    select * from {{ ref('int_refunds_reconciled') }}

),

payments as (

    select * from {{ ref('fct_payments') }}

),

-- An order of gift cards alone is no revenue, and is owed all the same.
card_orders as (

    select
        orders.merchant_id,
        orders.store_id,
        orders.order_id,
        orders.order_date,
        orders.original_currency_code,
        order_terms.gift_card_sale_amount,
        order_terms.gift_card_tender_amount
    from orders
    inner join order_terms
        on
            orders.merchant_id = order_terms.merchant_id
            and orders.store_id = order_terms.store_id
            and orders.order_id = order_terms.order_id
    where orders.is_eligible or orders.ineligible_reason = 'gift_card_sale'

)

select
    merchant_id,
    store_id,
    'sold' as movement_kind,
    order_id as record_id,
    order_date as movement_date,
    gift_card_sale_amount as original_amount,
    original_currency_code
from card_orders
where gift_card_sale_amount <> 0

union all

select
    merchant_id,
    store_id,
    'redeemed' as movement_kind,
    order_id as record_id,
    order_date as movement_date,
    -gift_card_tender_amount as original_amount,
    original_currency_code
from card_orders
where gift_card_tender_amount <> 0

union all

select
    refunds.merchant_id,
    refunds.store_id,
    'taken_back' as movement_kind,
    refunds.refund_id as record_id,
    refunds.refund_date as movement_date,
    -refund_terms.gift_card_sale_amount as original_amount,
    refunds.original_currency_code
from refunds
inner join refund_terms
    on
        refunds.merchant_id = refund_terms.merchant_id
        and refunds.store_id = refund_terms.store_id
        and refunds.refund_id = refund_terms.refund_id
where
    refunds.is_eligible
    and refund_terms.gift_card_sale_amount <> 0

union all

-- What a refund puts on a card again can be spent again.
select
    merchant_id,
    store_id,
    'restored' as movement_kind,
    order_id || ':' || transaction_id as record_id,
    payment_date as movement_date,
    -original_amount as original_amount,
    original_currency_code
from payments
where
    is_gift_card
    and transaction_kind = 'refund'
