with lines as (

    select * from {{ ref('int_bigcommerce_order_lines_conformed') }}

)

select
    merchant_id,
    store_id,
    order_id,
    {{ money('sum(line_amount)') }} as lines_amount,
    {{ money('coalesce(sum(line_amount - discount_amount + tax_amount) filter (where is_gift_card), 0)') }}
        as gift_card_sale_amount,
    bool_and(is_gift_card) as is_gift_card_sale
from lines
group by merchant_id, store_id, order_id
