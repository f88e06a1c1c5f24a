{{ config(tags=['after_ml'], meta={'dagster': {'ref': {'name': 'rfm_transitions'}}}) }}

-- Everybody whom the newest month leaves in a segment is published in it, and nobody else is. A merchant whose earlier
-- night was run again is left out: what is published is then older than what is recorded.
with transitions as (

    select * from {{ ref('rfm_transitions') }}

),

history as (

    select * from {{ ref('rfm_history') }}

),

published as (

    select * from {{ ref('customer_360') }}

),

newest as (

    select
        merchant_id,
        max(changed_date) as changed_date
    from history
    group by merchant_id

),

ends as (

    select
        transitions.merchant_id,
        transitions.to_segment as segment,
        sum(transitions.customer_count) as customer_count
    from transitions
    inner join newest
        on
            transitions.merchant_id = newest.merchant_id
            and transitions.period_month = {{ month_of('newest.changed_date') }}
    where transitions.to_segment <> 'none'
    group by transitions.merchant_id, transitions.to_segment

),

buyers as (

    select
        merchant_id,
        rfm_segment as segment,
        max(as_of_date) as as_of_date,
        count(*) as customer_count
    from published
    where rfm_segment is not null
    group by merchant_id, rfm_segment

),

compared as (

    select
        coalesce(ends.merchant_id, buyers.merchant_id) as merchant_id,
        coalesce(ends.segment, buyers.segment) as segment,
        buyers.as_of_date,
        coalesce(ends.customer_count, 0) as transition_count,
        coalesce(buyers.customer_count, 0) as published_count
    from ends
    full join buyers
        on
            ends.merchant_id = buyers.merchant_id
            and ends.segment = buyers.segment

)

select
    compared.merchant_id,
    compared.segment,
    compared.transition_count,
    compared.published_count
from compared
left join newest
    on compared.merchant_id = newest.merchant_id
where
    compared.transition_count <> compared.published_count
    and coalesce(compared.as_of_date >= newest.changed_date, true)
