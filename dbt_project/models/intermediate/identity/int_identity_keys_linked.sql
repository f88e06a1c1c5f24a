{{ config(materialized='view') }}

-- The keys that link, with what was decided by hand: records link where they have a link_key in common.
with keys as (

    select * from {{ ref('int_identity_keys_judged') }}
    where left_out_reason is null

),

joined_records as (

    select * from {{ ref('stg_ops__identity_decisions') }}
    where
        decision = 'join'
        and is_standing

),

separated_records as (

    select * from {{ ref('int_identity_records_separated') }}

),

links as (

    select
        merchant_id,
        record_id,
        key_kind,
        key_hash,
        link_key,
        cast(null as bigint) as decision_number
    from keys

    union all

    select
        merchant_id,
        record_id,
        'decision' as key_kind,
        {{ sha256_of("'decision ' || decision_number") }} as key_hash,
        md5('decision:' || decision_number) as link_key,
        decision_number
    from joined_records

),

-- Keys of separated records link only among themselves; joining by hand undoes what was separated before it.
separations as (

    select
        links.merchant_id,
        links.record_id,
        links.link_key,
        string_agg(
            cast(separated_records.decision_number as text), ',' order by separated_records.decision_number
        ) as separation
    from links
    inner join separated_records
        on
            links.merchant_id = separated_records.merchant_id
            and links.record_id = separated_records.record_id
            and (links.decision_number is null or links.decision_number < separated_records.decision_number)
    group by links.merchant_id, links.record_id, links.link_key

)

select
    links.merchant_id,
    links.record_id,
    links.key_kind,
    links.key_hash,
    links.link_key || coalesce('/' || separations.separation, '') as link_key,
    links.decision_number
from links
left join separations
    on
        links.merchant_id = separations.merchant_id
        and links.record_id = separations.record_id
        and links.link_key = separations.link_key
