with lines as (

    select * from {{ ref('stg_woocommerce__refund_lines') }}

),

orders as (

    select * from {{ ref('stg_woocommerce__orders') }}

)

select
    lines.merchant_id,
    lines.store_id,
    lines.refund_id,
    lines.line_id as refund_line_id,
    lines.order_id,
    lines.refunded_line_id as line_id,
    case when lines.line_type = 'line_item' then 'product' else lines.line_type end as line_kind,
    lines.quantity,
    lines.total_amount as line_amount,
    {{ money('coalesce(lines.tax_amount, 0)') }} as tax_amount,
    {{ no_money() }} as included_tax_amount,
    false as is_gift_card,
    false as is_tip,
    orders.original_currency_code,
    'woocommerce' as source_name
from lines
inner join orders
    on
        lines.merchant_id = orders.merchant_id
        and lines.store_id = orders.store_id
        and lines.order_id = orders.order_id
