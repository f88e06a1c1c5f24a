with lines as (

    select * from {{ ref('stg_bigcommerce__refund_lines') }}

),

order_lines as (

    select * from {{ ref('int_bigcommerce_order_lines_conformed') }}

),

orders as (

    select * from {{ ref('stg_bigcommerce__orders') }}

)

-- Of products BigCommerce says how many went back, and of all else how much, with tax; the tax is one figure by refund.
select
    lines.merchant_id,
    lines.store_id,
    lines.refund_id,
    cast(lines.item_position as text) as refund_line_id,
    lines.order_id,
    lines.item_id as line_id,
    case lines.item_type
        when 'GIFT_WRAPPING' then 'wrapping'
        when 'HANDLING' then 'fee'
        else lower(lines.item_type)
    end as line_kind,
    cast(lines.quantity as numeric(18, 4)) as quantity,
    {{ money(
        'coalesce('
        ~ 'lines.requested_amount, '
        ~ '(order_lines.line_amount - order_lines.discount_amount + order_lines.tax_amount) '
        ~ '* lines.quantity / nullif(order_lines.quantity, 0), '
        ~ '0)'
    ) }} as line_amount,
    {{ no_money() }} as tax_amount,
    -- Of the line's tax as much as of the line; what is not a product's is known of the refund as a whole alone.
    {{ money(
        'coalesce('
        ~ 'lines.requested_amount, '
        ~ '(order_lines.line_amount - order_lines.discount_amount + order_lines.tax_amount) '
        ~ '* lines.quantity / nullif(order_lines.quantity, 0), '
        ~ '0) '
        ~ '* coalesce((order_lines.tax_amount + order_lines.included_tax_amount) '
        ~ '/ nullif(order_lines.line_amount - order_lines.discount_amount + order_lines.tax_amount, 0), 0)'
    ) }} as included_tax_amount,
    coalesce(order_lines.is_gift_card, false) as is_gift_card,
    false as is_tip,
    orders.original_currency_code,
    'bigcommerce' as source_name
from lines
inner join orders
    on
        lines.merchant_id = orders.merchant_id
        and lines.store_id = orders.store_id
        and lines.order_id = orders.order_id
left join order_lines
    on
        lines.merchant_id = order_lines.merchant_id
        and lines.store_id = order_lines.store_id
        and lines.order_id = order_lines.order_id
        and lines.item_id = order_lines.line_id
        and lines.item_type = 'PRODUCT'
