with customers as (

    select * from {{ ref('stg_woocommerce__customers') }}

)

-- WooCommerce keeps no consent; plugins that do keep it in places of their own.
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
    cast(null as boolean) as has_email_consent,
    cast(null as timestamptz) as email_consent_at,
    cast(null as text) as email_consent_evidence,
    cast(null as boolean) as has_abandoned_cart_consent,
    {{ is_generated_email('email') }} as is_generated,
    source_updated_at,
    'woocommerce' as source_name,
    loaded_at
from customers
-- Accounts of those who run the shop; one that buys is a customer by its orders.
where coalesce(role, '') not in ('administrator', 'editor', 'author', 'contributor', 'shop_manager')
