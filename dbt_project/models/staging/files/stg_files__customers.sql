with source as (

    select * from {{ source('raw_files', 'customers') }}

)

select
    merchant_id,
    store_id,
    customer_id,
    nullif(trim(email), '') as email,
    nullif(trim(first_name), '') as first_name,
    nullif(trim(last_name), '') as last_name,
    nullif(trim(phone), '') as phone,
    nullif(trim(external_id), '') as external_id,
    country_code,
    created_at,
    has_email_consent,
    email_consent_at,
    email_consent_evidence,
    has_sms_consent,
    sms_consent_at,
    sms_consent_evidence,
    is_generated,
    source_updated_at,
    loaded_at
from source
-- Tombstones are the landing's bookkeeping. They end here, once, so that no model downstream can forget them.
where not is_deleted
