with source as (

    select * from {{ source('raw_shopify', 'customers') }}

)

select
    merchant_id,
    store_id,
    customer_id as account_id,
    nullif(trim(email), '') as email,
    nullif(trim(first_name), '') as first_name,
    nullif(trim(last_name), '') as last_name,
    nullif(trim(phone), '') as phone,
    nullif(upper(trim(country_code)), '') as country_code,
    email_marketing_state as email_consent_state,
    email_marketing_updated_at as email_consent_at,
    email_marketing_opt_in_level as email_consent_opt_in_level,
    sms_marketing_state as sms_consent_state,
    sms_marketing_updated_at as sms_consent_at,
    created_at,
    source_updated_at,
    loaded_at
from source
-- Tombstones are the landing's bookkeeping. They end here, once, so that no model downstream can forget them.
where not is_deleted
