-- Another source adds itself here.
with records as (

    select * from {{ ref('int_bigcommerce_orders_conformed') }}
    union all
    select * from {{ ref('int_files_orders_conformed') }}
    union all
    select * from {{ ref('int_shopify_orders_conformed') }}
    union all
    select * from {{ ref('int_woocommerce_orders_conformed') }}

)

select
    merchant_id,
    store_id,
    order_id,
    customer_id,
    ordered_at,
    quantity,
    channel,
    country_code,
    has_discount,
    email,
    phone,
    buyer_name,
    has_generated_email,
    order_status,
    is_known_status,
    excluded_reason,
    is_gift_card_sale,
    has_several_customers,
    has_several_currencies,
    original_currency_code,
    lines_amount,
    discount_amount,
    shipping_amount,
    tax_amount,
    included_tax_amount,
    tip_amount,
    duty_amount,
    fee_amount,
    wrapping_amount,
    total_amount,
    rounding_tolerance_amount,
    gift_card_sale_amount,
    gift_card_tender_amount,
    store_credit_tender_amount,
    platform_refunded_amount,
    presentment_currency_code,
    presentment_total_amount,
    source_name
from records
