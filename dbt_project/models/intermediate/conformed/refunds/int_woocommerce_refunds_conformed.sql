with refunds as (

    select * from {{ ref('stg_woocommerce__refunds') }}

),

lines as (

    select * from {{ ref('int_woocommerce_refund_lines_conformed') }}

),

orders as (

    select * from {{ ref('stg_woocommerce__orders') }}

),

stores as (

    select * from {{ ref('int_stores_unioned') }}

),

lines_summed as (

    select
        merchant_id,
        store_id,
        refund_id,
        count(*) as line_count,
        sum(line_amount) filter (where line_kind = 'product') as lines_amount,
        sum(line_amount) filter (where line_kind = 'shipping') as shipping_amount,
        sum(line_amount) filter (where line_kind not in ('product', 'shipping')) as fee_amount,
        sum(tax_amount) as tax_amount,
        sum(line_amount + tax_amount) as parts_amount
    from lines
    group by merchant_id, store_id, refund_id

),

joined as (

    select
        refunds.*,
        orders.original_currency_code,
        coalesce(lines_summed.lines_amount, 0) as lines_amount,
        coalesce(lines_summed.shipping_amount, 0) as shipping_amount,
        coalesce(lines_summed.fee_amount, 0) as fee_amount,
        coalesce(lines_summed.tax_amount, 0) as tax_amount,
        refunds.total_amount - coalesce(lines_summed.parts_amount, 0) as rest_amount,
        -- Each line and each line's tax is rounded to the shop's places when it is given.
        {{ rounding_tolerance('2 * coalesce(lines_summed.line_count, 0)', 'coalesce(stores.decimal_places, 2)') }}
            as rounding_tolerance_amount
    from refunds
    inner join orders
        on
            refunds.merchant_id = orders.merchant_id
            and refunds.store_id = orders.store_id
            and refunds.order_id = orders.order_id
    left join lines_summed
        on
            refunds.merchant_id = lines_summed.merchant_id
            and refunds.store_id = lines_summed.store_id
            and refunds.refund_id = lines_summed.refund_id
    left join stores
        on
            refunds.merchant_id = stores.merchant_id
            and refunds.store_id = stores.store_id

)

-- The amount of a refund is entered on its own: it may be more than its lines, or have none at all.
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
    {{ no_money() }} as included_tax_amount,
    {{ no_money() }} as tip_amount,
    {{ no_money() }} as duty_amount,
    {{ money('fee_amount') }} as fee_amount,
    {{ no_money() }} as wrapping_amount,
    {{ money('case when abs(rest_amount) <= rounding_tolerance_amount then 0 else rest_amount end') }}
        as adjustment_amount,
    total_amount,
    rounding_tolerance_amount,
    {{ no_money() }} as gift_card_sale_amount,
    cast(null as numeric(18, 4)) as paid_back_amount,
    {{ no_money() }} as unpaid_amount,
    'woocommerce' as source_name
from joined
