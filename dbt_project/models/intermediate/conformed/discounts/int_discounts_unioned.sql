-- Another source adds itself here.
with records as (

    select * from {{ ref('int_bigcommerce_discounts_conformed') }}
    union all
    select * from {{ ref('int_shopify_discounts_conformed') }}
    union all
    select * from {{ ref('int_woocommerce_discounts_conformed') }}

)

select
    merchant_id,
    store_id,
    discount_id,
    code,
    discount_name,
    discount_type,
    percentage_rate,
    discount_amount,
    original_currency_code,
    is_active,
    usage_count,
    starts_at,
    ends_at,
    source_name
from records
