with orders as (

    select * from {{ ref('stg_bigcommerce__orders') }}

),

lines as (

    select * from {{ ref('int_bigcommerce_order_lines_summed') }}

),

fees as (

    select * from {{ ref('int_bigcommerce_order_fees_summed') }}

),

-- Of its two sets of amounts, BigCommerce vouches for the one that the store's prices are in, and estimates the other.
joined as (

    select
        orders.*,
        lines.lines_amount,
        lines.gift_card_sale_amount,
        lines.is_gift_card_sale,
        coalesce(orders.is_tax_inclusive_pricing, false) as has_included_tax,
        orders.handling_ex_tax_amount + coalesce(fees.fee_ex_tax_amount, 0) as fee_ex_tax_amount,
        orders.handling_inc_tax_amount + coalesce(fees.fee_inc_tax_amount, 0) as fee_inc_tax_amount
    from orders
    left join lines
        on
            orders.merchant_id = lines.merchant_id
            and orders.store_id = lines.store_id
            and orders.order_id = lines.order_id
    left join fees
        on
            orders.merchant_id = fees.merchant_id
            and orders.store_id = fees.store_id
            and orders.order_id = fees.order_id

)

select
    merchant_id,
    store_id,
    order_id,
    {{ platform_customer_id('store_id', 'account_id', 'email') }} as customer_id,
    ordered_at,
    quantity,
    channel,
    country_code,
    order_discount_amount + coupon_discount_amount > 0 as has_discount,
    email,
    phone,
    buyer_name,
    {{ is_generated_email('email') }} as has_generated_email,
    order_status,
    -- By number: a store may call its statuses what it likes.
    status_number between 0 and 14 as is_known_status,
    case
        when is_archived then 'archived'
        when status_number = 0 then 'incomplete'
        when status_number in (1, 7) then 'pending_payment'
        when status_number = 5 then 'cancelled'
        when status_number = 6 then 'declined'
        when lower(payment_method) = 'test payment gateway' then 'test'
    end as excluded_reason,
    coalesce(is_gift_card_sale, false) as is_gift_card_sale,
    false as has_several_customers,
    false as has_several_currencies,
    original_currency_code,
    {{ money('coalesce(lines_amount, 0)') }} as lines_amount,
    {{ money('order_discount_amount + coupon_discount_amount') }} as discount_amount,
    {{ money('case when has_included_tax then shipping_inc_tax_amount else shipping_ex_tax_amount end') }}
        as shipping_amount,
    {{ money('case when has_included_tax then 0 else tax_amount end') }} as tax_amount,
    {{ money('case when has_included_tax then tax_amount else 0 end') }} as included_tax_amount,
    {{ no_money() }} as tip_amount,
    {{ no_money() }} as duty_amount,
    {{ money('case when has_included_tax then fee_inc_tax_amount else fee_ex_tax_amount end') }} as fee_amount,
    {{ money('case when has_included_tax then wrapping_inc_tax_amount else wrapping_ex_tax_amount end') }}
        as wrapping_amount,
    total_amount,
    -- Amounts have four places, of which a total that can be paid has fewer.
    {{ rounding_tolerance('1', currency_minor_units('original_currency_code')) }} as rounding_tolerance_amount,
    {{ money('coalesce(gift_card_sale_amount, 0)') }} as gift_card_sale_amount,
    gift_card_tender_amount,
    store_credit_tender_amount,
    cast(null as numeric(18, 4)) as platform_refunded_amount,
    original_currency_code as presentment_currency_code,
    total_amount as presentment_total_amount,
    'bigcommerce' as source_name
from joined
