with order_discounts as (

    select * from {{ ref('stg_shopify__order_discounts') }}

)

select
    merchant_id,
    store_id,
    order_id,
    discount_index as order_discount_id,
    code,
    coalesce(discount_name, code) as discount_name,
    discount_type,
    'shopify' as source_name
from order_discounts
