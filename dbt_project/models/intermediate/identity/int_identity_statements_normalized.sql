{{ config(materialized='view') }}

-- What was said of each record, by its account and at its checkouts, as identity compares it. A view, and so must stay.
with accounts as (

    select * from {{ ref('int_customers_unioned') }}

),

orders as (

    select * from {{ ref('int_orders_unioned') }}

),

records as (

    select * from {{ ref('int_identity_records_described') }}

),

stores as (

    select * from {{ ref('int_stores_unioned') }}

),

merchants as (

    select * from {{ ref('stg_ops__merchants') }}

),

said as (

    select
        merchant_id,
        store_id,
        customer_id as record_id,
        email,
        phone,
        external_id,
        country_code,
        true as is_of_account
    from accounts

    union all

    select distinct
        merchant_id,
        store_id,
        customer_id as record_id,
        email,
        phone,
        cast(null as text) as external_id,
        country_code,
        false as is_of_account
    from orders
    where customer_id is not null

)

select
    records.merchant_id,
    records.record_id,
    records.full_name,
    said.external_id,
    case
        when said.is_of_account or not records.has_account_email
            then {{ normalized_email('said.email', 'merchants.has_folded_gmail') }}
    end as email,
    case
        when said.is_of_account or not records.has_account_phone
            then {{ phone_e164('said.phone', 'coalesce(said.country_code, stores.country_code)') }}
    end as phone,
    merchants.role_names,
    merchants.relay_domains
from said
inner join records
    on
        said.merchant_id = records.merchant_id
        and said.record_id = records.record_id
inner join merchants
    on said.merchant_id = merchants.merchant_id
left join stores
    on
        said.merchant_id = stores.merchant_id
        and said.store_id = stores.store_id
