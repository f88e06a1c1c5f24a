with lines as (

    select * from {{ ref('int_shopify_order_lines_conformed') }}

)

select
    merchant_id,
    store_id,
    order_id,
    count(*) as line_count,
    {{ money('coalesce(sum(line_amount) filter (where not is_tip), 0)') }} as lines_amount,
    {{ money('sum(discount_amount)') }} as discount_amount,
    {{ money('coalesce(sum(line_amount - discount_amount + tax_amount) filter (where is_gift_card), 0)') }}
        as gift_card_sale_amount,
    coalesce(bool_and(is_gift_card) filter (where not is_tip), false) as is_gift_card_sale
from lines
group by merchant_id, store_id, order_id
