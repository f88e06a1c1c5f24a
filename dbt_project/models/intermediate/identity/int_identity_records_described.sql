{{ config(materialized='view') }}

-- A view, and so must stay: names are personal, and stored in the vault alone.
with accounts as (

    select * from {{ ref('int_customers_unioned') }}

),

orders as (

    select * from {{ ref('int_orders_unioned') }}

),

merged_accounts as (

    select * from {{ ref('int_shopify_customers_merged') }}

),

-- An account speaks for itself: what its owner types at a checkout, for a present, counts where it says nothing.
account_records as (

    select
        merchant_id,
        customer_id as record_id,
        nullif(max(lower(trim(concat_ws(' ', first_name, last_name)))), '') as full_name,
        bool_or(email is not null) as has_account_email,
        bool_or(phone is not null) as has_account_phone
    from accounts
    group by merchant_id, customer_id

),

ordered_records as (

    select
        merchant_id,
        customer_id as record_id,
        -- Orders under several names say that somebody buys for others, and not who it is.
        case when min(lower(buyer_name)) = max(lower(buyer_name)) then min(lower(buyer_name)) end as full_name,
        min(ordered_at) as first_seen_at
    from orders
    where customer_id is not null
    group by merchant_id, customer_id

),

-- An account that the platform merged into another is known by the id of the one that is left.
merged_records as (

    select
        merchant_id,
        store_id || ':' || account_id as record_id,
        store_id || ':' || surviving_account_id as surviving_record_id
    from merged_accounts

),

records as (

    select
        coalesce(account_records.merchant_id, ordered_records.merchant_id) as merchant_id,
        coalesce(account_records.record_id, ordered_records.record_id) as record_id,
        coalesce(account_records.full_name, ordered_records.full_name) as full_name,
        coalesce(account_records.has_account_email, false) as has_account_email,
        coalesce(account_records.has_account_phone, false) as has_account_phone,
        ordered_records.first_seen_at
    from account_records
    full join ordered_records
        on
            account_records.merchant_id = ordered_records.merchant_id
            and account_records.record_id = ordered_records.record_id

)

select
    coalesce(records.merchant_id, merged_records.merchant_id) as merchant_id,
    coalesce(records.record_id, merged_records.record_id) as record_id,
    coalesce(merged_records.surviving_record_id, records.record_id) as platform_record_id,
    regexp_replace(records.full_name, '[[:space:]]+', ' ', 'g') as full_name,
    coalesce(records.has_account_email, false) as has_account_email,
    coalesce(records.has_account_phone, false) as has_account_phone,
    records.first_seen_at,
    merged_records.record_id is not null as is_merged_away
from records
full join merged_records
    on
        records.merchant_id = merged_records.merchant_id
        and records.record_id = merged_records.record_id
