-- Another source adds itself here.
with records as (

    select * from {{ ref('int_bigcommerce_refund_lines_conformed') }}
    union all
    select * from {{ ref('int_shopify_refund_lines_conformed') }}
    union all
    select * from {{ ref('int_woocommerce_refund_lines_conformed') }}

)

select
    merchant_id,
    store_id,
    refund_id,
    refund_line_id,
    order_id,
    line_id,
    line_kind,
    quantity,
    line_amount,
    tax_amount,
    included_tax_amount,
    is_gift_card,
    is_tip,
    original_currency_code,
    source_name
from records
