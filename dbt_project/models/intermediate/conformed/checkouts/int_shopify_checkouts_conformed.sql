with checkouts as (

    select * from {{ ref('stg_shopify__checkouts') }}

),

aliases as (

    select * from {{ ref('int_shopify_customers_merged') }}

)

select
    checkouts.merchant_id,
    checkouts.store_id,
    checkouts.checkout_id,
    {{ platform_customer_id(
        'checkouts.store_id', 'coalesce(aliases.surviving_account_id, checkouts.account_id)', 'cast(null as text)'
    ) }} as customer_id,
    cast(null as text) as email,
    checkouts.created_at as begun_at,
    checkouts.completed_at,
    checkouts.completed_at is not null as is_completed,
    checkouts.total_amount,
    checkouts.original_currency_code,
    'shopify' as source_name
from checkouts
left join aliases
    on
        checkouts.merchant_id = aliases.merchant_id
        and checkouts.store_id = aliases.store_id
        and checkouts.account_id = aliases.account_id
