with lines as (

    select * from {{ ref('stg_shopify__order_lines') }}

),

orders as (

    select * from {{ ref('stg_shopify__orders') }}

)

-- As they were sold, with what an edit added; what an edit or a refund took off again is not taken off here.
select
    lines.merchant_id,
    lines.store_id,
    lines.order_id,
    lines.line_id,
    lines.product_id,
    lines.variant_id,
    lines.sku,
    lines.product_name,
    cast(lines.quantity as numeric(18, 4)) as quantity,
    lines.line_amount,
    lines.discount_amount,
    {{ money('case when orders.has_included_tax then 0 else lines.line_tax_amount end') }} as tax_amount,
    {{ money('case when orders.has_included_tax then lines.line_tax_amount else 0 end') }} as included_tax_amount,
    cast(null as numeric(18, 4)) as unit_cost_amount,
    lines.is_gift_card,
    -- A tip given at the checkout is a line of its own; one given at a till is none.
    coalesce(
        lines.product_id is null
        and not lines.is_gift_card
        and not lines.is_shipped
        and lines.line_amount = orders.tip_amount
        and orders.tip_amount > 0,
        false
    ) as is_tip,
    orders.original_currency_code,
    'shopify' as source_name
from lines
inner join orders
    on
        lines.merchant_id = orders.merchant_id
        and lines.store_id = orders.store_id
        and lines.order_id = orders.order_id
