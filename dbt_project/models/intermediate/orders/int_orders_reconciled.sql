{{ config(indexes=[{'columns': ['merchant_id', 'store_id', 'order_id']}]) }}

with orders as (

    select * from {{ ref('int_orders_unioned') }}

),

added_up as (

    select
        *,
        lines_amount - discount_amount + shipping_amount + tax_amount + tip_amount + duty_amount + fee_amount
        + wrapping_amount as terms_amount
    from orders

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
    order_id,
    customer_id,
    ordered_at,
    quantity,
    channel,
    country_code,
    has_discount,
    order_status,
    is_known_status,
    excluded_reason,
    is_gift_card_sale,
    has_several_customers,
    has_several_currencies,
    original_currency_code,
    lines_amount,
    discount_amount,
    shipping_amount,
    tax_amount,
    included_tax_amount,
    tip_amount,
    duty_amount,
    fee_amount,
    wrapping_amount,
    {{ money('rounding_amount') }} as rounding_amount,
    {{ money('terms_amount + rounding_amount') }} as computed_amount,
    total_amount,
    {{ money('total_amount - terms_amount - rounding_amount') }} as difference_amount,
    gift_card_sale_amount,
    gift_card_tender_amount,
    store_credit_tender_amount,
    platform_refunded_amount,
    {{ revenue_of_total() }} as original_amount,
    presentment_currency_code,
    presentment_total_amount,
    source_name
from rounded
