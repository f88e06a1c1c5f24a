with orders as (

    select * from {{ ref('stg_bigcommerce__orders') }}

),

parts as (

    select * from {{ ref('int_bigcommerce_orders_summed') }}

)

select
    orders.merchant_id,
    orders.store_id,
    orders.order_id,
    {{ platform_customer_id('orders.store_id', 'orders.account_id', 'orders.email') }} as customer_id,
    orders.ordered_at,
    orders.quantity,
    orders.channel,
    orders.email,
    {{ is_generated_email('orders.email') }} as has_generated_email,
    orders.order_status,
    -- By number: a store may call its statuses what it likes.
    orders.status_number between 0 and 14 as is_known_status,
    case
        when orders.is_archived then 'archived'
        when orders.status_number = 0 then 'incomplete'
        when orders.status_number in (1, 7) then 'pending_payment'
        when orders.status_number = 5 then 'cancelled'
        when orders.status_number = 6 then 'declined'
        when lower(orders.payment_method) = 'test payment gateway' then 'test'
    end as excluded_reason,
    parts.is_gift_card_sale,
    false as has_several_customers,
    false as has_several_currencies,
    orders.original_currency_code,
    parts.lines_amount,
    parts.discount_amount,
    parts.shipping_amount,
    parts.tax_amount,
    parts.included_tax_amount,
    {{ no_money() }} as tip_amount,
    {{ no_money() }} as duty_amount,
    parts.fee_amount,
    parts.wrapping_amount,
    orders.total_amount,
    -- Amounts have four places, of which a total that can be paid has fewer.
    {{ rounding_tolerance('1', currency_minor_units('orders.original_currency_code')) }} as rounding_tolerance_amount,
    parts.gift_card_sale_amount,
    orders.gift_card_tender_amount,
    orders.store_credit_tender_amount,
    cast(null as numeric(18, 4)) as platform_refunded_amount,
    orders.original_currency_code as presentment_currency_code,
    orders.total_amount as presentment_total_amount,
    'bigcommerce' as source_name
from orders
inner join parts
    on
        orders.merchant_id = parts.merchant_id
        and orders.store_id = parts.store_id
        and orders.order_id = parts.order_id
