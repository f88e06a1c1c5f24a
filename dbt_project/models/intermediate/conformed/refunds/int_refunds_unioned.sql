-- Another source adds itself here.
with records as (

    select * from {{ ref('int_bigcommerce_refunds_conformed') }}
    union all
    select * from {{ ref('int_files_refunds_conformed') }}
    union all
    select * from {{ ref('int_shopify_refunds_conformed') }}
    union all
    select * from {{ ref('int_woocommerce_refunds_conformed') }}

)

select
    merchant_id,
    store_id,
    refund_id,
    order_id,
    customer_id,
    refunded_at,
    excluded_reason,
    original_currency_code,
    lines_amount,
    shipping_amount,
    tax_amount,
    included_tax_amount,
    tip_amount,
    duty_amount,
    fee_amount,
    wrapping_amount,
    adjustment_amount,
    total_amount,
    rounding_tolerance_amount,
    gift_card_sale_amount,
    paid_back_amount,
    unpaid_amount,
    source_name
from records
