with refunds as (

    select * from {{ ref('stg_bigcommerce__refunds') }}

),

lines as (

    select * from {{ ref('int_bigcommerce_refund_lines_conformed') }}

),

payments as (

    select * from {{ ref('stg_bigcommerce__refund_payments') }}

),

orders as (

    select * from {{ ref('stg_bigcommerce__orders') }}

),

lines_summed as (

    select
        merchant_id,
        store_id,
        refund_id,
        sum(line_amount) filter (where line_kind = 'product') as lines_amount,
        sum(line_amount) filter (where line_kind = 'shipping') as shipping_amount,
        sum(line_amount) filter (where line_kind = 'fee') as fee_amount,
        sum(line_amount) filter (where line_kind = 'wrapping') as wrapping_amount,
        sum(line_amount) filter (where line_kind <> 'order') as parts_amount,
        sum(line_amount) filter (where is_gift_card) as gift_card_amount
    from lines
    group by merchant_id, store_id, refund_id

),

payments_summed as (

    select
        merchant_id,
        store_id,
        refund_id,
        sum(payment_amount) as payment_amount,
        coalesce(sum(payment_amount) filter (where is_declined), 0) as declined_amount
    from payments
    group by merchant_id, store_id, refund_id

),

-- What the provider declined did not go back.
joined as (

    select
        refunds.*,
        orders.original_currency_code,
        coalesce(lines_summed.lines_amount, 0) as lines_amount,
        coalesce(lines_summed.shipping_amount, 0) as shipping_amount,
        coalesce(lines_summed.fee_amount, 0) as fee_amount,
        coalesce(lines_summed.wrapping_amount, 0) as wrapping_amount,
        coalesce(lines_summed.parts_amount, 0) as parts_amount,
        coalesce(lines_summed.gift_card_amount, 0) as gift_card_amount,
        coalesce(payments_summed.declined_amount, 0) as declined_amount,
        refunds.total_amount - coalesce(payments_summed.declined_amount, 0) as paid_amount,
        payments_summed.payment_amount - payments_summed.declined_amount as paid_back_amount
    from refunds
    inner join orders
        on
            refunds.merchant_id = orders.merchant_id
            and refunds.store_id = orders.store_id
            and refunds.order_id = orders.order_id
    left join lines_summed
        on
            refunds.merchant_id = lines_summed.merchant_id
            and refunds.store_id = lines_summed.store_id
            and refunds.refund_id = lines_summed.refund_id
    left join payments_summed
        on
            refunds.merchant_id = payments_summed.merchant_id
            and refunds.store_id = payments_summed.store_id
            and refunds.refund_id = payments_summed.refund_id

)

select
    merchant_id,
    store_id,
    refund_id,
    order_id,
    cast(null as text) as customer_id,
    refunded_at,
    case when declined_amount > 0 and paid_amount = 0 then 'declined' end as excluded_reason,
    original_currency_code,
    {{ money('lines_amount') }} as lines_amount,
    {{ money('shipping_amount') }} as shipping_amount,
    {{ no_money() }} as tax_amount,
    tax_amount as included_tax_amount,
    {{ no_money() }} as tip_amount,
    {{ no_money() }} as duty_amount,
    {{ money('fee_amount') }} as fee_amount,
    {{ money('wrapping_amount') }} as wrapping_amount,
    {{ money('paid_amount - parts_amount') }} as adjustment_amount,
    {{ money('paid_amount') }} as total_amount,
    {{ no_money() }} as rounding_tolerance_amount,
    {{ money('gift_card_amount') }} as gift_card_sale_amount,
    {{ money('paid_back_amount') }} as paid_back_amount,
    {{ no_money() }} as unpaid_amount,
    'bigcommerce' as source_name
from joined
