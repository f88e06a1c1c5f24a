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
        sum(line_amount) filter (where line_kind = 'product' and not is_tip) as lines_amount,
        sum(line_amount) filter (where is_tip) as tip_amount,
        sum(line_amount) filter (where line_kind = 'shipping') as shipping_amount,
        sum(tax_amount) as tax_amount,
        sum(included_tax_amount) as included_tax_amount,
        sum(line_amount + tax_amount) filter (where is_gift_card) as gift_card_amount
    from lines
    group by merchant_id, store_id, refund_id

),

adjustments_summed as (

    select
        merchant_id,
        store_id,
        refund_id,
        count(*) as adjustment_count,
        sum(adjustment_amount + adjustment_tax_amount) as platform_adjustment_amount
    from adjustments
    group by merchant_id, store_id, refund_id

)

select
    refunds.merchant_id,
    refunds.store_id,
    refunds.refund_id,
    coalesce(lines_summed.line_count, 0) as line_count,
    coalesce(adjustments_summed.adjustment_count, 0) as adjustment_count,
    {{ money('coalesce(lines_summed.lines_amount, 0)') }} as lines_amount,
    {{ money('coalesce(lines_summed.tip_amount, 0)') }} as tip_amount,
    {{ money('coalesce(lines_summed.shipping_amount, 0)') }} as shipping_amount,
    {{ money('coalesce(lines_summed.tax_amount, 0)') }} as tax_amount,
    {{ money('coalesce(lines_summed.included_tax_amount, 0)') }} as included_tax_amount,
    {{ money('coalesce(lines_summed.gift_card_amount, 0)') }} as gift_card_sale_amount,
    {{ money('coalesce(adjustments_summed.platform_adjustment_amount, 0)') }} as platform_adjustment_amount
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
