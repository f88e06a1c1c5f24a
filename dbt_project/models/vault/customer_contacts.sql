{{ config(indexes=[{'columns': ['merchant_id', 'customer_id']}]) }}

with people as (

    select * from {{ ref('int_customers_unified') }}

)

select
    merchant_id,
    customer_id,
    email,
    first_name,
    last_name,
    has_email_consent,
    email_consent_at,
    email_consent_evidence,
    is_generated
from people
