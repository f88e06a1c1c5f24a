with refunds as (

    select * from {{ ref('stg_shopify__refunds') }}

),

parts as (

    select * from {{ ref('int_shopify_refunds_summed') }}

),

joined as (

    select
        refunds.merchant_id,
        refunds.store_id,
        refunds.refund_id,
        refunds.order_id,
        refunds.refunded_at,
        refunds.original_currency_code,
        refunds.duty_amount,
        refunds.total_amount as paid_back_amount,
        parts.lines_amount,
        parts.tip_amount,
        parts.shipping_amount,
        parts.tax_amount,
        parts.included_tax_amount,
        parts.gift_card_sale_amount,
        parts.lines_amount + parts.tip_amount + parts.shipping_amount + parts.tax_amount + refunds.duty_amount
            as parts_amount,
        -- Shopify signs adjustments from the merchant's side. A refund of mere money says no more than its amount.
        case
            when parts.line_count = 0 and parts.adjustment_count = 0 then refunds.total_amount - refunds.duty_amount
            else -parts.platform_adjustment_amount
        end as adjustment_amount,
        {{ rounding_tolerance(
            'case when refunds.presentment_currency_code = refunds.original_currency_code then 0 '
            ~ 'else 2 * parts.line_count + 4 end',
            currency_minor_units('refunds.original_currency_code')
        ) }} as rounding_tolerance_amount
    from refunds
    inner join parts
        on
            refunds.merchant_id = parts.merchant_id
            and refunds.store_id = parts.store_id
            and refunds.refund_id = parts.refund_id

),

-- What was taken off an order before it was paid for cannot be paid back, and is no revenue all the same.
valued as (

    select
        *,
        case
            -- Where nothing was paid there is nothing that rounding could have parted.
            when paid_back_amount = 0 then greatest(parts_amount + adjustment_amount, 0)
            when parts_amount + adjustment_amount - paid_back_amount > rounding_tolerance_amount
                then parts_amount + adjustment_amount - paid_back_amount
            else 0
        end as unpaid_amount
    from joined

)

select
    merchant_id,
    store_id,
    refund_id,
    order_id,
    cast(null as text) as customer_id,
    refunded_at,
    cast(null as text) as excluded_reason,
    original_currency_code,
    lines_amount,
    shipping_amount,
    tax_amount,
    included_tax_amount,
    tip_amount,
    duty_amount,
    {{ no_money() }} as fee_amount,
    {{ no_money() }} as wrapping_amount,
    {{ money('adjustment_amount') }} as adjustment_amount,
    {{ money('paid_back_amount + unpaid_amount') }} as total_amount,
    rounding_tolerance_amount,
    gift_card_sale_amount,
    paid_back_amount,
    {{ money('unpaid_amount') }} as unpaid_amount,
    'shopify' as source_name
from valued
