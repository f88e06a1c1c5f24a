{{ config(indexes=[{'columns': ['merchant_id', 'store_id', 'refund_id']}]) }}

with refunds as (

    select * from {{ ref('int_refunds_unioned') }}

),

orders as (

    select * from {{ ref('int_orders_reconciled') }}

),

-- What takes back an order that is no sale takes back nothing that was counted.
added_up as (

    select
        refunds.merchant_id,
        refunds.store_id,
        refunds.refund_id,
        refunds.order_id,
        refunds.refunded_at,
        refunds.original_currency_code,
        refunds.lines_amount,
        refunds.shipping_amount,
        refunds.tax_amount,
        refunds.included_tax_amount,
        refunds.tip_amount,
        refunds.duty_amount,
        refunds.fee_amount,
        refunds.wrapping_amount,
        refunds.adjustment_amount,
        refunds.total_amount,
        refunds.rounding_tolerance_amount,
        refunds.gift_card_sale_amount,
        refunds.paid_back_amount,
        refunds.unpaid_amount,
        refunds.source_name,
        coalesce(refunds.customer_id, orders.customer_id) as customer_id,
        case
            when refunds.excluded_reason is not null then refunds.excluded_reason
            when orders.excluded_reason is not null then 'order_not_counted'
        end as excluded_reason,
        refunds.lines_amount + refunds.shipping_amount + refunds.tax_amount + refunds.tip_amount + refunds.duty_amount
        + refunds.fee_amount + refunds.wrapping_amount + refunds.adjustment_amount as terms_amount
    from refunds
    left join orders
        on
            refunds.merchant_id = orders.merchant_id
            and refunds.store_id = orders.store_id
            and refunds.order_id = orders.order_id

),

rounded as (

    select
        *,
        {{ rounding_of_terms() }} as rounding_amount
    from added_up

)

select
    merchant_id,
    store_id,
    refund_id,
    order_id,
    customer_id,
    refunded_at,
    excluded_reason,
    original_currency_code,
    lines_amount,
    shipping_amount,
    tax_amount,
    included_tax_amount,
    tip_amount,
    duty_amount,
    fee_amount,
    wrapping_amount,
    adjustment_amount,
    {{ money('rounding_amount') }} as rounding_amount,
    {{ money('terms_amount + rounding_amount') }} as computed_amount,
    total_amount,
    {{ money('total_amount - terms_amount - rounding_amount') }} as difference_amount,
    paid_back_amount,
    unpaid_amount,
    gift_card_sale_amount,
    {{ revenue_of_total() }} as original_amount,
    source_name
from rounded
