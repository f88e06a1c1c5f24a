with source as (

    select * from {{ source('raw_bigcommerce', 'subscribers') }}

)

select
    merchant_id,
    store_id,
    subscriber_id,
    nullif(trim(email), '') as email,
    nullif(trim(first_name), '') as first_name,
    nullif(trim(last_name), '') as last_name,
    has_marketing_newsletter as has_email_consent,
    has_abandoned_cart as has_abandoned_cart_consent,
    coalesce(date_modified, date_created) as consent_changed_at,
    source as sign_up_source,
    source_updated_at,
    loaded_at
from source
-- Tombstones are the landing's bookkeeping. They end here, once, so that no model downstream can forget them.
where not is_deleted
