with source as (

    select * from {{ source('ops', 'identity_decisions') }}

),

-- A decision is undone once, which the table sees to; to decide so again is a new decision.
undone as (

    select
        merchant_id,
        undone_decision_id as decision_number
    from source
    where undone_decision_id is not null

),

named as (

    select
        merchant_id,
        decision_id as decision_number,
        decision,
        unnest(record_ids) as record_id,
        true as is_named
    from source

    union all

    select
        merchant_id,
        decision_id as decision_number,
        decision,
        unnest(other_record_ids) as record_id,
        false as is_named
    from source

)

select
    named.merchant_id,
    named.decision_number,
    named.decision,
    named.record_id,
    named.is_named,
    undone.decision_number is null as is_standing
from named
left join undone
    on
        named.merchant_id = undone.merchant_id
        and named.decision_number = undone.decision_number
