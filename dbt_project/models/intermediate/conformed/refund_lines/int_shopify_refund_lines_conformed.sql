with lines as (

    select * from {{ ref('stg_shopify__refund_lines') }}

),

shipping_lines as (

    select * from {{ ref('stg_shopify__refund_shipping_lines') }}

),

order_lines as (

    select * from {{ ref('int_shopify_order_lines_conformed') }}

),

orders as (

    select * from {{ ref('stg_shopify__orders') }}

),

parts as (

    select
        lines.merchant_id,
        lines.store_id,
        lines.refund_id,
        lines.refund_line_id,
        lines.order_id,
        lines.line_id,
        'product' as line_kind,
        cast(lines.quantity as numeric(18, 4)) as quantity,
        lines.subtotal_amount as line_amount,
        lines.line_tax_amount,
        coalesce(order_lines.is_gift_card, false) as is_gift_card,
        coalesce(order_lines.is_tip, false) as is_tip
    from lines
    left join order_lines
        on
            lines.merchant_id = order_lines.merchant_id
            and lines.store_id = order_lines.store_id
            and lines.order_id = order_lines.order_id
            and lines.line_id = order_lines.line_id

    union all

    select
        merchant_id,
        store_id,
        refund_id,
        refund_shipping_line_id as refund_line_id,
        order_id,
        cast(null as text) as line_id,
        'shipping' as line_kind,
        cast(null as numeric(18, 4)) as quantity,
        shipping_amount as line_amount,
        line_tax_amount,
        false as is_gift_card,
        false as is_tip
    from shipping_lines

)

select
    parts.merchant_id,
    parts.store_id,
    parts.refund_id,
    parts.line_kind || ':' || parts.refund_line_id as refund_line_id,
    parts.order_id,
    parts.line_id,
    parts.line_kind,
    parts.quantity,
    parts.line_amount,
    {{ money('case when orders.has_included_tax then 0 else parts.line_tax_amount end') }} as tax_amount,
    {{ money('case when orders.has_included_tax then parts.line_tax_amount else 0 end') }} as included_tax_amount,
    parts.is_gift_card,
    parts.is_tip,
    orders.original_currency_code,
    'shopify' as source_name
from parts
inner join orders
    on
        parts.merchant_id = orders.merchant_id
        and parts.store_id = orders.store_id
        and parts.order_id = orders.order_id
