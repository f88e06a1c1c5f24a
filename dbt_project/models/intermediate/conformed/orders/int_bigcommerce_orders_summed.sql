with orders as (

    select * from {{ ref('stg_bigcommerce__orders') }}

),

lines as (

    select * from {{ ref('int_bigcommerce_order_lines_conformed') }}

),

fees as (

    select * from {{ ref('stg_bigcommerce__order_fees') }}

),

lines_summed as (

    select
        merchant_id,
        store_id,
        order_id,
        sum(line_amount) as lines_amount,
        sum(line_amount - discount_amount + tax_amount) filter (where is_gift_card) as gift_card_amount,
        bool_and(is_gift_card) as is_gift_card_sale
    from lines
    group by merchant_id, store_id, order_id

),

fees_summed as (

    select
        merchant_id,
        store_id,
        order_id,
        sum(fee_ex_tax_amount) as fee_ex_tax_amount,
        sum(fee_inc_tax_amount) as fee_inc_tax_amount
    from fees
    group by merchant_id, store_id, order_id

),

joined as (

    select
        orders.*,
        coalesce(lines_summed.lines_amount, 0) as lines_amount,
        coalesce(lines_summed.gift_card_amount, 0) as gift_card_amount,
        coalesce(lines_summed.is_gift_card_sale, false) as is_gift_card_sale,
        orders.handling_ex_tax_amount + coalesce(fees_summed.fee_ex_tax_amount, 0) as fee_ex_tax_amount,
        orders.handling_inc_tax_amount + coalesce(fees_summed.fee_inc_tax_amount, 0) as fee_inc_tax_amount,
        coalesce(orders.is_tax_inclusive_pricing, false) as has_included_tax
    from orders
    left join lines_summed
        on
            orders.merchant_id = lines_summed.merchant_id
            and orders.store_id = lines_summed.store_id
            and orders.order_id = lines_summed.order_id
    left join fees_summed
        on
            orders.merchant_id = fees_summed.merchant_id
            and orders.store_id = fees_summed.store_id
            and orders.order_id = fees_summed.order_id

)

-- Of its two sets of amounts, BigCommerce vouches for the one that the store's prices are in, and estimates the other.
select
    merchant_id,
    store_id,
    order_id,
    {{ money('lines_amount') }} as lines_amount,
    {{ money('order_discount_amount + coupon_discount_amount') }} as discount_amount,
    {{ money('case when has_included_tax then shipping_inc_tax_amount else shipping_ex_tax_amount end') }}
        as shipping_amount,
    {{ money('case when has_included_tax then 0 else tax_amount end') }} as tax_amount,
    {{ money('case when has_included_tax then tax_amount else 0 end') }} as included_tax_amount,
    {{ money('case when has_included_tax then fee_inc_tax_amount else fee_ex_tax_amount end') }} as fee_amount,
    {{ money('case when has_included_tax then wrapping_inc_tax_amount else wrapping_ex_tax_amount end') }}
        as wrapping_amount,
    {{ money('gift_card_amount') }} as gift_card_sale_amount,
    is_gift_card_sale
from joined
