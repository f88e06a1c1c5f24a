{{ config(
    materialized='table',
    indexes=[{'columns': ['merchant_id', 'segment_name']}],
) }}

with stays as (

    select * from {{ ref('segment_memberships') }}
    where is_current

),

-- Many customers are in the same segments: pairs are made per combination of segments, not per customer.
customers as (

    select
        merchant_id,
        customer_id,
        array_agg(segment_name order by segment_name) as segment_names
    from stays
    group by merchant_id, customer_id

),

combinations as (

    select
        merchant_id,
        segment_names,
        count(*) as customer_count
    from customers
    group by merchant_id, segment_names

),

firsts as (

    select
        merchant_id,
        unnest(segment_names) as segment_name,
        segment_names,
        customer_count
    from combinations

),

pairs as (

    select
        merchant_id,
        segment_name,
        unnest(segment_names) as other_segment_name,
        customer_count
    from firsts

),

shared as (

    select
        merchant_id,
        segment_name,
        other_segment_name,
        cast(sum(customer_count) as bigint) as shared_count
    from pairs
    group by merchant_id, segment_name, other_segment_name

),

-- What a segment shares with itself is all of it.
sizes as (

    select
        merchant_id,
        segment_name,
        shared_count as member_count
    from shared
    where segment_name = other_segment_name

)

select
    shared.merchant_id,
    shared.segment_name,
    shared.other_segment_name,
    sizes.member_count,
    other_sizes.member_count as other_member_count,
    shared.shared_count,
    cast(shared.shared_count as double precision) / sizes.member_count as shared_rate,
    cast(shared.shared_count as double precision)
    / (sizes.member_count + other_sizes.member_count - shared.shared_count) as overlap_rate
from shared
inner join sizes
    on
        shared.merchant_id = sizes.merchant_id
        and shared.segment_name = sizes.segment_name
inner join sizes as other_sizes
    on
        shared.merchant_id = other_sizes.merchant_id
        and shared.other_segment_name = other_sizes.segment_name
where shared.segment_name <> shared.other_segment_name
