with customers as (

    select * from {{ ref('stg_shopify__customers') }}

),

aliases as (

    select * from {{ ref('int_shopify_customers_merged') }}

)

select
    merchant_id,
    store_id,
    {{ platform_customer_id('store_id', 'account_id', 'email') }} as customer_id,
    email,
    first_name,
    last_name,
    phone,
    country_code,
    cast(null as text) as external_id,
    -- Never having been asked is no refusal, and an unconfirmed sign-up no consent: both are unknown.
    case
        when email_consent_state = 'SUBSCRIBED' then true
        when email_consent_state in ('UNSUBSCRIBED', 'REDACTED') then false
    end as has_email_consent,
    email_consent_at,
    nullif(lower(concat_ws(' by ', email_consent_state, email_consent_opt_in_level)), '') as email_consent_evidence,
    cast(null as boolean) as has_abandoned_cart_consent,
    {{ is_generated_email('email') }} as is_generated,
    source_updated_at,
    'shopify' as source_name,
    loaded_at
from customers
-- The one that was merged into another is no person of their own any more, deleted at the platform or not yet.
where
    not exists (
        select 1
        from aliases
        where
            aliases.merchant_id = customers.merchant_id
            and aliases.store_id = customers.store_id
            and aliases.account_id = customers.account_id
    )
