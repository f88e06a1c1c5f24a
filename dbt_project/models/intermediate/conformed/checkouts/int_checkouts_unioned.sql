-- Another source adds itself here.
with records as (

    select * from {{ ref('int_bigcommerce_checkouts_conformed') }}
    union all
    select * from {{ ref('int_shopify_checkouts_conformed') }}
    union all
    select * from {{ ref('int_woocommerce_checkouts_conformed') }}

)

select
    merchant_id,
    store_id,
    checkout_id,
    customer_id,
    email,
    begun_at,
    completed_at,
    is_completed,
    total_amount,
    original_currency_code,
    source_name
from records
