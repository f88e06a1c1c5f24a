with orders as (

    select * from {{ ref('stg_shopify__orders') }}

),

aliases as (

    select * from {{ ref('int_shopify_customers_merged') }}

),

parts as (

    select * from {{ ref('int_shopify_orders_summed') }}

),

joined as (

    select
        orders.*,
        coalesce(aliases.surviving_account_id, orders.account_id) as buyer_account_id,
        parts.line_count,
        parts.lines_amount,
        parts.discount_amount,
        parts.shipping_amount,
        parts.gift_card_amount,
        parts.is_gift_card_sale,
        parts.gift_card_tender_amount,
        parts.store_credit_tender_amount
    from orders
    inner join parts
        on
            orders.merchant_id = parts.merchant_id
            and orders.store_id = parts.store_id
            and orders.order_id = parts.order_id
    left join aliases
        on
            orders.merchant_id = aliases.merchant_id
            and orders.store_id = aliases.store_id
            and orders.account_id = aliases.account_id

)

select
    merchant_id,
    store_id,
    order_id,
    {{ platform_customer_id('store_id', 'buyer_account_id', 'email') }} as customer_id,
    ordered_at,
    quantity,
    channel,
    email,
    {{ is_generated_email('email') }} as has_generated_email,
    coalesce(financial_status, 'none') as order_status,
    financial_status is null or financial_status in (
        'PENDING', 'AUTHORIZED', 'PARTIALLY_PAID', 'PAID', 'PARTIALLY_REFUNDED', 'REFUNDED', 'VOIDED', 'EXPIRED'
    ) as is_known_status,
    case
        when is_test then 'test'
        when cancelled_at is not null then 'cancelled'
        when financial_status in ('VOIDED', 'EXPIRED') then lower(financial_status)
        when financial_status = 'PENDING' then 'pending_payment'
        when financial_status is null and outstanding_amount > 0 then 'pending_payment'
    end as excluded_reason,
    is_gift_card_sale,
    false as has_several_customers,
    false as has_several_currencies,
    original_currency_code,
    lines_amount,
    discount_amount,
    shipping_amount,
    {{ money('case when has_included_tax then 0 else order_tax_amount end') }} as tax_amount,
    {{ money('case when has_included_tax then order_tax_amount else 0 end') }} as included_tax_amount,
    tip_amount,
    {{ money('case when has_included_duties then 0 else order_duty_amount end') }} as duty_amount,
    fee_amount,
    {{ no_money() }} as wrapping_amount,
    total_amount,
    -- Amounts are exact in the buyer's currency; where the shop has another, each is converted and rounded on its own.
    {{ rounding_tolerance(
        'case when presentment_currency_code = original_currency_code then 0 else 2 * line_count + 6 end',
        currency_minor_units('original_currency_code')
    ) }} as rounding_tolerance_amount,
    gift_card_amount as gift_card_sale_amount,
    gift_card_tender_amount,
    store_credit_tender_amount,
    refunded_amount as platform_refunded_amount,
    presentment_currency_code,
    presentment_total_amount,
    'shopify' as source_name
from joined
