{{ config(materialized='view') }}

-- Whom a decision parts from the others: those it names, and whoever turns up with a key of theirs alone.
with keys as (

    select * from {{ ref('int_identity_keys_judged') }}
    where left_out_reason is null

),

-- The two sides of each separation.
sides as (

    select * from {{ ref('stg_ops__identity_decisions') }}
    where
        decision = 'separate'
        and is_standing

),

-- Keys that none of those left behind has: whoever turns up with one later goes with the separated.
separated_keys as (

    select
        sides.merchant_id,
        sides.decision_number,
        keys.link_key
    from sides
    inner join keys
        on
            sides.merchant_id = keys.merchant_id
            and sides.record_id = keys.record_id
    group by sides.merchant_id, sides.decision_number, keys.link_key
    having bool_and(sides.is_named)

)

select
    merchant_id,
    decision_number,
    record_id
from sides
where is_named

union

select
    separated_keys.merchant_id,
    separated_keys.decision_number,
    keys.record_id
from separated_keys
inner join keys
    on
        separated_keys.merchant_id = keys.merchant_id
        and separated_keys.link_key = keys.link_key
