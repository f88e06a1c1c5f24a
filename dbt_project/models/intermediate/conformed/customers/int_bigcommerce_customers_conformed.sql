with customers as (

    select * from {{ ref('stg_bigcommerce__customers') }}

),

subscribers as (

    select * from {{ ref('stg_bigcommerce__subscribers') }}

),

-- An address may have signed up at several sales channels; what it said last holds.
newest_subscribers as (

    select distinct on (merchant_id, store_id, lower(email))
        merchant_id,
        store_id,
        lower(email) as address,
        email,
        first_name,
        last_name,
        has_email_consent,
        has_abandoned_cart_consent,
        consent_changed_at,
        sign_up_source,
        source_updated_at,
        loaded_at
    from subscribers
    where email is not null
    order by merchant_id asc, store_id asc, lower(email) asc, consent_changed_at desc nulls last, subscriber_id asc

)

-- Newsletters are agreed to by address, with an account or without.
select
    coalesce(customers.merchant_id, subscribed.merchant_id) as merchant_id,
    coalesce(customers.store_id, subscribed.store_id) as store_id,
    {{ platform_customer_id(
        'coalesce(customers.store_id, subscribed.store_id)', 'customers.account_id', 'subscribed.email'
    ) }} as customer_id,
    coalesce(customers.email, subscribed.email) as email,
    coalesce(customers.first_name, subscribed.first_name) as first_name,
    coalesce(customers.last_name, subscribed.last_name) as last_name,
    customers.phone,
    cast(null as text) as country_code,
    cast(null as text) as external_id,
    subscribed.has_email_consent,
    subscribed.consent_changed_at as email_consent_at,
    'signed up by ' || subscribed.sign_up_source as email_consent_evidence,
    coalesce(subscribed.has_abandoned_cart_consent, customers.has_abandoned_cart_consent) as has_abandoned_cart_consent,
    {{ is_generated_email('coalesce(customers.email, subscribed.email)') }} as is_generated,
    coalesce(customers.source_updated_at, subscribed.source_updated_at) as source_updated_at,
    'bigcommerce' as source_name,
    coalesce(customers.loaded_at, subscribed.loaded_at) as loaded_at
from customers
full join newest_subscribers as subscribed
    on
        customers.merchant_id = subscribed.merchant_id
        and customers.store_id = subscribed.store_id
        and lower(customers.email) = subscribed.address
