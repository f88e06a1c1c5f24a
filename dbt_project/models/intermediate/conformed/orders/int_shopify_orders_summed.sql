with orders as (

    select * from {{ ref('stg_shopify__orders') }}

),

lines as (

    select * from {{ ref('int_shopify_order_lines_conformed') }}

),

shipping_lines as (

    select * from {{ ref('stg_shopify__order_shipping_lines') }}

),

transactions as (

    select * from {{ ref('stg_shopify__transactions') }}

),

lines_summed as (

    select
        merchant_id,
        store_id,
        order_id,
        count(*) as line_count,
        sum(line_amount) filter (where not is_tip) as lines_amount,
        sum(discount_amount) as discount_amount,
        sum(line_amount - discount_amount + tax_amount) filter (where is_gift_card) as gift_card_amount,
        bool_and(is_gift_card) filter (where not is_tip) as is_gift_card_sale
    from lines
    group by merchant_id, store_id, order_id

),

shipping_summed as (

    select
        merchant_id,
        store_id,
        order_id,
        sum(shipping_amount) as shipping_amount
    from shipping_lines
    where not is_removed
    group by merchant_id, store_id, order_id

),

tenders_summed as (

    select
        merchant_id,
        store_id,
        order_id,
        sum(original_amount) filter (where gateway = 'gift_card') as gift_card_amount,
        sum(original_amount) filter (where gateway = 'shopify_store_credit') as store_credit_amount
    from transactions
    where
        transaction_status = 'SUCCESS'
        and transaction_kind in ('SALE', 'CAPTURE')
    group by merchant_id, store_id, order_id

)

select
    orders.merchant_id,
    orders.store_id,
    orders.order_id,
    coalesce(lines_summed.line_count, 0) as line_count,
    {{ money('coalesce(lines_summed.lines_amount, 0)') }} as lines_amount,
    {{ money('coalesce(lines_summed.discount_amount, 0)') }} as discount_amount,
    {{ money('coalesce(shipping_summed.shipping_amount, 0)') }} as shipping_amount,
    {{ money('coalesce(lines_summed.gift_card_amount, 0)') }} as gift_card_amount,
    coalesce(lines_summed.is_gift_card_sale, false) as is_gift_card_sale,
    {{ money('coalesce(tenders_summed.gift_card_amount, 0)') }} as gift_card_tender_amount,
    {{ money('coalesce(tenders_summed.store_credit_amount, 0)') }} as store_credit_tender_amount
from orders
left join lines_summed
    on
        orders.merchant_id = lines_summed.merchant_id
        and orders.store_id = lines_summed.store_id
        and orders.order_id = lines_summed.order_id
left join shipping_summed
    on
        orders.merchant_id = shipping_summed.merchant_id
        and orders.store_id = shipping_summed.store_id
        and orders.order_id = shipping_summed.order_id
left join tenders_summed
    on
        orders.merchant_id = tenders_summed.merchant_id
        and orders.store_id = tenders_summed.store_id
        and orders.order_id = tenders_summed.order_id
