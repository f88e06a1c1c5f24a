with shipping_lines as (

    select * from {{ ref('stg_shopify__order_shipping_lines') }}

)

select
    merchant_id,
    store_id,
    order_id,
    {{ money('sum(shipping_amount)') }} as shipping_amount
from shipping_lines
where not is_removed
group by merchant_id, store_id, order_id
