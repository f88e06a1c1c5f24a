-- Another source adds itself here.
with records as (

    select * from {{ ref('int_bigcommerce_order_discounts_conformed') }}
    union all
    select * from {{ ref('int_shopify_order_discounts_conformed') }}
    union all
    select * from {{ ref('int_woocommerce_order_discounts_conformed') }}

)

select
    merchant_id,
    store_id,
    order_id,
    order_discount_id,
    code,
    discount_name,
    discount_type,
    discount_amount,
    original_currency_code,
    source_name
from records
