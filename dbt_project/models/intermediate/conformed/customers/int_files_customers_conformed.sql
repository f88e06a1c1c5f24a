with customers as (

    select * from {{ ref('stg_files__customers') }}

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
    cast(null as boolean) as has_abandoned_cart_consent,
    is_generated,
    source_updated_at,
    'files' as source_name,
    loaded_at
from customers
