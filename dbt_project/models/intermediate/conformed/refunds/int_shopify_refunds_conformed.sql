with refunds as (

    select * from {{ ref('stg_shopify__refunds') }}

),

lines as (

    select * from {{ ref('int_shopify_refund_lines_conformed') }}

),

adjustments as (

    select * from {{ ref('stg_shopify__refund_adjustments') }}

),

lines_summed as (

    select
        merchant_id,
        store_id,
        refund_id,
        count(*) as line_count,
        sum(line_amount) filter (where line_kind = 'product') as lines_amount,
        sum(line_amount) filter (where line_kind = 'shipping') as shipping_amount,
        sum(tax_amount) as tax_amount,
        sum(included_tax_amount) as included_tax_amount,
        sum(line_amount + tax_amount) as parts_amount,
        sum(line_amount + tax_amount) filter (where is_gift_card) as gift_card_amount
    from lines
    group by merchant_id, store_id, refund_id

),

adjustments_summed as (

    select
        merchant_id,
        store_id,
        refund_id,
        sum(adjustment_amount + adjustment_tax_amount) as adjustment_amount
    from adjustments
    group by merchant_id, store_id, refund_id

),

joined as (

    select
        refunds.*,
        coalesce(lines_summed.line_count, 0) as line_count,
        coalesce(lines_summed.lines_amount, 0) as lines_amount,
        coalesce(lines_summed.shipping_amount, 0) as shipping_amount,
        coalesce(lines_summed.tax_amount, 0) as tax_amount,
        coalesce(lines_summed.included_tax_amount, 0) as included_tax_amount,
        coalesce(lines_summed.gift_card_amount, 0) as gift_card_amount,
        coalesce(adjustments_summed.adjustment_amount, 0) as platform_adjustment_amount,
        refunds.total_amount - refunds.duty_amount - coalesce(lines_summed.parts_amount, 0) as rest_amount
    from refunds
    left join lines_summed
        on
            refunds.merchant_id = lines_summed.merchant_id
            and refunds.store_id = lines_summed.store_id
            and refunds.refund_id = lines_summed.refund_id
    left join adjustments_summed
        on
            refunds.merchant_id = adjustments_summed.merchant_id
            and refunds.store_id = adjustments_summed.store_id
            and refunds.refund_id = adjustments_summed.refund_id

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
    {{ money('lines_amount') }} as lines_amount,
    {{ money('shipping_amount') }} as shipping_amount,
    {{ money('tax_amount') }} as tax_amount,
    {{ money('included_tax_amount') }} as included_tax_amount,
    duty_amount,
    {{ no_money() }} as fee_amount,
    {{ no_money() }} as wrapping_amount,
    -- Shopify signs adjustments from the merchant's side. Where nothing went back, or only money, the rest is one.
    {{ money(
        'case when total_amount = 0 or line_count = 0 then rest_amount else -platform_adjustment_amount end'
    ) }} as adjustment_amount,
    total_amount,
    {{ rounding_tolerance(
        'case when presentment_currency_code = original_currency_code then 0 else 2 * line_count + 4 end',
        currency_minor_units('original_currency_code')
    ) }} as rounding_tolerance_amount,
    {{ money('greatest(0, least(gift_card_amount, total_amount - duty_amount))') }} as gift_card_sale_amount,
    cast(null as numeric(18, 4)) as paid_back_amount,
    'shopify' as source_name
from joined
