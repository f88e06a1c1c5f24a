with lines as (

    select * from {{ ref('stg_woocommerce__order_lines') }}

),

orders as (

    select * from {{ ref('stg_woocommerce__orders') }}

)

-- WooCommerce keeps lines without their tax, also where prices are entered with it, and knows no gift cards.
select
    lines.merchant_id,
    lines.store_id,
    lines.order_id,
    lines.line_id,
    lines.product_id,
    coalesce(lines.variation_id, lines.product_id) as variant_id,
    lines.sku,
    lines.product_name,
    lines.quantity,
    lines.subtotal_amount as line_amount,
    {{ money('lines.subtotal_amount - lines.total_amount') }} as discount_amount,
    {{ money('coalesce(lines.tax_amount, 0)') }} as tax_amount,
    {{ no_money() }} as included_tax_amount,
    cast(null as numeric(18, 4)) as unit_cost_amount,
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
