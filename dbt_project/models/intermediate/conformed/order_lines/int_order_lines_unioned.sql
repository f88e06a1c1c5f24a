-- Another source adds itself here.
with records as (

    select * from {{ ref('int_bigcommerce_order_lines_conformed') }}
    union all
    select * from {{ ref('int_files_order_lines_conformed') }}
    union all
    select * from {{ ref('int_shopify_order_lines_conformed') }}
    union all
    select * from {{ ref('int_woocommerce_order_lines_conformed') }}

)

select
    merchant_id,
    store_id,
    order_id,
    line_id,
    product_id,
    variant_id,
    sku,
    product_name,
    quantity,
    line_amount,
    discount_amount,
    tax_amount,
    included_tax_amount,
    unit_cost_amount,
    is_gift_card,
    is_tip,
    original_currency_code,
    source_name
from records
