with orders as (

    select * from {{ ref('stg_woocommerce__orders') }}

),

lines as (

    select * from {{ ref('int_woocommerce_order_lines_conformed') }}

),

fees as (

    select * from {{ ref('stg_woocommerce__order_fees') }}

),

stores as (

    select * from {{ ref('int_stores_unioned') }}

),

lines_summed as (

    select
        merchant_id,
        store_id,
        order_id,
        count(*) as line_count,
        sum(quantity) as quantity,
        sum(line_amount) as lines_amount,
        sum(discount_amount) as discount_amount
    from lines
    group by merchant_id, store_id, order_id

),

fees_summed as (

    select
        merchant_id,
        store_id,
        order_id,
        count(*) as fee_count,
        sum(fee_amount) as fee_amount
    from fees
    group by merchant_id, store_id, order_id

)

select
    orders.merchant_id,
    orders.store_id,
    orders.order_id,
    {{ platform_customer_id('orders.store_id', 'orders.account_id', 'orders.email') }} as customer_id,
    orders.ordered_at,
    cast(lines_summed.quantity as bigint) as quantity,
    orders.channel,
    orders.country_code,
    coalesce(lines_summed.discount_amount, 0) > 0 as has_discount,
    orders.email,
    orders.phone,
    orders.buyer_name,
    {{ is_generated_email('orders.email') }} as has_generated_email,
    orders.order_status,
    orders.order_status in (
        'pending', 'on-hold', 'processing', 'completed', 'refunded', 'cancelled', 'failed', 'trash',
        'checkout-draft', 'auto-draft'
    ) as is_known_status,
    case
        when orders.order_status in ('trash', 'cancelled', 'failed') then orders.order_status
        when orders.order_status in ('checkout-draft', 'auto-draft') then 'draft'
        when orders.order_status = 'pending' then 'pending_payment'
        -- A transfer or cheque that did not come yet; a plugin may also hold an order that was paid.
        when orders.order_status = 'on-hold' and orders.paid_at is null then 'pending_payment'
    end as excluded_reason,
    false as is_gift_card_sale,
    false as has_several_customers,
    false as has_several_currencies,
    orders.original_currency_code,
    {{ money('coalesce(lines_summed.lines_amount, 0)') }} as lines_amount,
    {{ money('coalesce(lines_summed.discount_amount, 0)') }} as discount_amount,
    {{ money('coalesce(orders.shipping_amount, 0)') }} as shipping_amount,
    {{ money('coalesce(orders.tax_amount, 0)') }} as tax_amount,
    {{ no_money() }} as included_tax_amount,
    {{ no_money() }} as tip_amount,
    {{ no_money() }} as duty_amount,
    {{ money('coalesce(fees_summed.fee_amount, 0)') }} as fee_amount,
    {{ no_money() }} as wrapping_amount,
    orders.total_amount,
    -- Lines and fees have more places than they are given with; shipping, two taxes and the total are rounded once.
    {{ rounding_tolerance(
        'coalesce(lines_summed.line_count, 0) + coalesce(fees_summed.fee_count, 0) + 4', 'coalesce(stores.decimal_places, 2)'
    ) }} as rounding_tolerance_amount,
    {{ no_money() }} as gift_card_sale_amount,
    {{ no_money() }} as gift_card_tender_amount,
    {{ no_money() }} as store_credit_tender_amount,
    cast(null as numeric(18, 4)) as platform_refunded_amount,
    orders.original_currency_code as presentment_currency_code,
    orders.total_amount as presentment_total_amount,
    'woocommerce' as source_name
from orders
left join lines_summed
    on
        orders.merchant_id = lines_summed.merchant_id
        and orders.store_id = lines_summed.store_id
        and orders.order_id = lines_summed.order_id
left join fees_summed
    on
        orders.merchant_id = fees_summed.merchant_id
        and orders.store_id = fees_summed.store_id
        and orders.order_id = fees_summed.order_id
left join stores
    on
        orders.merchant_id = stores.merchant_id
        and orders.store_id = stores.store_id
