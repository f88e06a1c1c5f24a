-- Another source adds itself here.
with records as (

    select * from {{ ref('int_bigcommerce_customers_conformed') }}
    union all
    select * from {{ ref('int_files_customers_conformed') }}
    union all
    select * from {{ ref('int_shopify_customers_conformed') }}
    union all
    select * from {{ ref('int_woocommerce_customers_conformed') }}

)

select
    merchant_id,
    store_id,
    customer_id,
    email,
    first_name,
    last_name,
    phone,
    country_code,
    external_id,
    has_email_consent,
    email_consent_at,
    email_consent_evidence,
    has_abandoned_cart_consent,
    is_generated,
    source_updated_at,
    source_name,
    loaded_at
from records
