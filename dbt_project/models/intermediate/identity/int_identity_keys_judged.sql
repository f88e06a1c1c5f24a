{{ config(indexes=[
    {'columns': ['merchant_id', 'record_id']},
    {'columns': ['merchant_id', 'link_key']},
]) }}

-- Every key of every record, and why it links nobody where it does not.
with keys as (

    select * from {{ ref('int_identity_keys_hashed') }}

),

records as (

    select * from {{ ref('int_identity_records_described') }}

),

merchants as (

    select * from {{ ref('stg_ops__merchants') }}

),

key_totals as (

    select
        merchant_id,
        key_kind,
        key_hash,
        -- A guest is no account: somebody who buys as a guest in twenty stores is still one person.
        count(distinct record_id) filter (where record_id not like '%:guest:%') as account_count,
        count(distinct name_hash) as name_count
    from keys
    where key_kind <> 'platform_id'
    group by merchant_id, key_kind, key_hash

),

record_totals as (

    select
        merchant_id,
        record_id,
        key_kind,
        count(distinct key_hash) as key_count
    from keys
    where key_kind <> 'platform_id'
    group by merchant_id, record_id, key_kind

)

select
    keys.merchant_id,
    keys.record_id,
    keys.key_kind,
    keys.key_hash,
    keys.link_key,
    case
        when keys.key_kind = 'platform_id' then null
        when keys.key_kind <> all(string_to_array(merchants.link_kinds, ' ')) then 'kind_not_used'
        when keys.left_out_reason is not null then keys.left_out_reason
        when key_totals.account_count > merchants.max_account_count then 'shared_by_accounts'
        when keys.key_kind <> 'external_id' and key_totals.name_count > merchants.max_name_count then 'shared_by_names'
        when record_totals.key_count > merchants.max_key_count then 'one_of_too_many'
    end as left_out_reason,
    records.first_seen_at,
    records.is_merged_away
from keys
inner join merchants
    on keys.merchant_id = merchants.merchant_id
inner join records
    on
        keys.merchant_id = records.merchant_id
        and keys.record_id = records.record_id
left join key_totals
    on
        keys.merchant_id = key_totals.merchant_id
        and keys.key_kind = key_totals.key_kind
        and keys.key_hash = key_totals.key_hash
left join record_totals
    on
        keys.merchant_id = record_totals.merchant_id
        and keys.record_id = record_totals.record_id
        and keys.key_kind = record_totals.key_kind
