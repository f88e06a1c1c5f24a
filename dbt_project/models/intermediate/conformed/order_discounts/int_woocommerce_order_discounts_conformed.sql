with order_discounts as (

    select * from {{ ref('stg_woocommerce__order_discounts') }}

)

select
    merchant_id,
    store_id,
    order_id,
    coupon_line_id as order_discount_id,
    code,
    code as discount_name,
    discount_type,
    'woocommerce' as source_name
from order_discounts
