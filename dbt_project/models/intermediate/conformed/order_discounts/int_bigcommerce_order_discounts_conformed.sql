with order_discounts as (

    select * from {{ ref('stg_bigcommerce__order_discounts') }}

)

select
    merchant_id,
    store_id,
    order_id,
    order_coupon_id as order_discount_id,
    code,
    code as discount_name,
    cast(discount_type as text) as discount_type,
    'bigcommerce' as source_name
from order_discounts
