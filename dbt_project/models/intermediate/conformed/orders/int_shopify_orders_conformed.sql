with orders as (

    select * from {{ ref('stg_shopify__orders') }}

),

lines as (

    select * from {{ ref('int_shopify_order_lines_summed') }}

),

shipping as (

    select * from {{ ref('int_shopify_order_shipping_summed') }}

),

tenders as (

    select * from {{ ref('int_shopify_order_tenders_summed') }}

),

aliases as (

    select * from {{ ref('int_shopify_customers_merged') }}

)

select
    orders.merchant_id,
    orders.store_id,
    orders.order_id,
    {{ platform_customer_id(
        'orders.store_id', 'coalesce(aliases.surviving_account_id, orders.account_id)', 'orders.email'
    ) }} as customer_id,
    orders.ordered_at,
    orders.quantity,
    orders.channel,
    orders.country_code,
    coalesce(lines.discount_amount, 0) > 0 as has_discount,
    orders.email,
    orders.phone,
    cast(null as text) as buyer_name,
    {{ is_generated_email('orders.email') }} as has_generated_email,
    coalesce(orders.financial_status, 'none') as order_status,
    orders.financial_status is null or orders.financial_status in (
        'PENDING', 'AUTHORIZED', 'PARTIALLY_PAID', 'PAID', 'PARTIALLY_REFUNDED', 'REFUNDED', 'VOIDED', 'EXPIRED'
    ) as is_known_status,
    case
        when orders.is_test then 'test'
        when orders.cancelled_at is not null then 'cancelled'
        when orders.financial_status in ('VOIDED', 'EXPIRED') then lower(orders.financial_status)
        when orders.financial_status = 'PENDING' then 'pending_payment'
        when orders.financial_status is null and orders.outstanding_amount > 0 then 'pending_payment'
    end as excluded_reason,
    coalesce(lines.is_gift_card_sale, false) as is_gift_card_sale,
    false as has_several_customers,
    false as has_several_currencies,
    orders.original_currency_code,
    {{ money('coalesce(lines.lines_amount, 0)') }} as lines_amount,
    {{ money('coalesce(lines.discount_amount, 0)') }} as discount_amount,
    {{ money('coalesce(shipping.shipping_amount, 0)') }} as shipping_amount,
    {{ money('case when orders.has_included_tax then 0 else orders.order_tax_amount end') }} as tax_amount,
    {{ money('case when orders.has_included_tax then orders.order_tax_amount else 0 end') }} as included_tax_amount,
    orders.tip_amount,
    {{ money('case when orders.has_included_duties then 0 else orders.order_duty_amount end') }} as duty_amount,
    orders.fee_amount,
    {{ no_money() }} as wrapping_amount,
    orders.total_amount,
    -- Amounts are exact in the buyer's currency; where the shop has another, each is converted and rounded on its own.
    {{ rounding_tolerance(
        'case when orders.presentment_currency_code = orders.original_currency_code then 0 '
        ~ 'else 2 * coalesce(lines.line_count, 0) + 6 end',
        currency_minor_units('orders.original_currency_code')
    ) }} as rounding_tolerance_amount,
    {{ money('coalesce(lines.gift_card_sale_amount, 0)') }} as gift_card_sale_amount,
    {{ money('coalesce(tenders.gift_card_tender_amount, 0)') }} as gift_card_tender_amount,
    {{ money('coalesce(tenders.store_credit_tender_amount, 0)') }} as store_credit_tender_amount,
    orders.refunded_amount as platform_refunded_amount,
    orders.presentment_currency_code,
    orders.presentment_total_amount,
    'shopify' as source_name
from orders
left join lines
    on
        orders.merchant_id = lines.merchant_id
        and orders.store_id = lines.store_id
        and orders.order_id = lines.order_id
left join shipping
    on
        orders.merchant_id = shipping.merchant_id
        and orders.store_id = shipping.store_id
        and orders.order_id = shipping.order_id
left join tenders
    on
        orders.merchant_id = tenders.merchant_id
        and orders.store_id = tenders.store_id
        and orders.order_id = tenders.order_id
left join aliases
    on
        orders.merchant_id = aliases.merchant_id
        and orders.store_id = aliases.store_id
        and orders.account_id = aliases.account_id
