with source as (

    select * from {{ source('raw_woocommerce', 'customers') }}

)

select
    merchant_id,
    store_id,
    customer_id as account_id,
    nullif(trim(email), '') as email,
    nullif(trim(first_name), '') as first_name,
    nullif(trim(last_name), '') as last_name,
    nullif(trim(billing_phone), '') as phone,
    nullif(upper(trim(billing_country)), '') as country_code,
    role,
    date_created_gmt as created_at,
    source_updated_at,
    loaded_at
from source
-- Tombstones are the landing's bookkeeping. They end here, once, so that no model downstream can forget them.
where not is_deleted
