{{ config(materialized='view') }}

-- What each record may be recognised by, hashed: no model after this one sees an address, a number or a name.
with statements as (

    select * from {{ ref('int_identity_statements_normalized') }}

),

records as (

    select * from {{ ref('int_identity_records_described') }}

),

keys as (

    select
        merchant_id,
        record_id,
        'platform_id' as key_kind,
        platform_record_id as key_value,
        cast(null as text) as full_name,
        cast(null as text) as left_out_reason
    from records

    union all

    select
        merchant_id,
        record_id,
        'email' as key_kind,
        email as key_value,
        full_name,
        {{ email_left_out_reason('email', 'role_names', 'relay_domains') }} as left_out_reason
    from statements
    where email is not null

    union all

    select
        merchant_id,
        record_id,
        'phone' as key_kind,
        phone as key_value,
        full_name,
        case
            when {{ is_placeholder_phone('phone') }} then 'placeholder'
            when full_name is null then 'no_name'
        end as left_out_reason
    from statements
    where phone is not null

    union all

    select
        merchant_id,
        record_id,
        'external_id' as key_kind,
        external_id as key_value,
        full_name,
        null as left_out_reason
    from statements
    where external_id is not null

)

select distinct
    merchant_id,
    record_id,
    key_kind,
    {{ sha256_of('key_value') }} as key_hash,
    {{ sha256_of('full_name') }} as name_hash,
    -- A family has one number, so that a number links those of one name.
    md5(key_kind || ':' || key_value || case when key_kind = 'phone' then ':' || coalesce(full_name, '') else '' end)
        as link_key,
    left_out_reason
from keys
