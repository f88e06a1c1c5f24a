{{ config(indexes=[
    {'columns': ['merchant_id', 'customer_id']},
    {'columns': ['merchant_id', 'record_id']},
]) }}

with keys as (

    select * from {{ ref('int_identity_keys_linked') }}

),

records as (

    select * from {{ ref('int_identity_records_assigned') }}
    where is_present

),

-- Whoever had the key first is the other end of every link that it makes.
paired as (

    select
        keys.merchant_id,
        keys.record_id,
        keys.key_kind,
        keys.key_hash,
        keys.decision_number,
        records.customer_id,
        records.first_seen_at,
        first_value(keys.record_id) over by_age as linked_record_id,
        first_value(records.first_seen_at) over by_age as linked_first_seen_at
    from keys
    inner join records
        on
            keys.merchant_id = records.merchant_id
            and keys.record_id = records.record_id
    window by_age as (
        partition by keys.merchant_id, keys.link_key
        order by records.first_seen_at asc nulls last, keys.record_id asc
    )

)

select
    merchant_id,
    customer_id,
    record_id,
    linked_record_id,
    key_kind,
    key_hash,
    decision_number,
    greatest(first_seen_at, linked_first_seen_at) as first_seen_at,
    case key_kind
        when 'platform_id' then 'the platform merged the account into the other'
        when 'email' then 'the same email address'
        when 'phone' then 'the same telephone number and name'
        when 'external_id' then 'the same id in another system of the seller'
        when 'decision' then 'joined by hand'
    end as evidence
from paired
where record_id <> linked_record_id
