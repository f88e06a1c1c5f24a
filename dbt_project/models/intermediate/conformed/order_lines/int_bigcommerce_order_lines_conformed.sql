with lines as (

    select * from {{ ref('stg_bigcommerce__order_lines') }}

),

line_discounts as (

    select * from {{ ref('stg_bigcommerce__order_line_discounts') }}

),

orders as (

    select * from {{ ref('stg_bigcommerce__orders') }}

),

discounts_summed as (

    select
        merchant_id,
        store_id,
        order_id,
        line_id,
        sum(discount_amount) as discount_amount
    from line_discounts
    group by merchant_id, store_id, order_id, line_id

)

-- Of its two sets of amounts, BigCommerce vouches for the one that the store's prices are in, and estimates the other.
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
    {{ money(
        'case when orders.is_tax_inclusive_pricing then lines.total_inc_tax_amount else lines.total_ex_tax_amount end'
    ) }} as line_amount,
    {{ money('coalesce(discounts_summed.discount_amount, 0)') }} as discount_amount,
    {{ money('case when orders.is_tax_inclusive_pricing then 0 else lines.tax_amount end') }} as tax_amount,
    {{ money('case when orders.is_tax_inclusive_pricing then lines.tax_amount else 0 end') }} as included_tax_amount,
    lines.unit_cost_amount,
    coalesce(lines.is_gift_card, false) as is_gift_card,
    false as is_tip,
    orders.original_currency_code,
    'bigcommerce' as source_name
from lines
inner join orders
    on
        lines.merchant_id = orders.merchant_id
        and lines.store_id = orders.store_id
        and lines.order_id = orders.order_id
left join discounts_summed
    on
        lines.merchant_id = discounts_summed.merchant_id
        and lines.store_id = discounts_summed.store_id
        and lines.order_id = discounts_summed.order_id
        and lines.line_id = discounts_summed.line_id
