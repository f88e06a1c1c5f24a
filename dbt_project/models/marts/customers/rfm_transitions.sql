{{ config(materialized='view', tags=['after_ml']) }}

with history as (

    select * from {{ ref('rfm_history') }}

),

changes as (

    select
        merchant_id,
        customer_id,
        changed_date,
        {{ month_of('changed_date') }} as period_month,
        coalesce(rfm_segment, 'none') as segment,
        coalesce(
            lag(rfm_segment) over (partition by merchant_id, customer_id order by changed_date), 'none'
        ) as previous_segment
    from history

),

-- A customer's month as a whole: from where they began it to where they ended it.
customer_moves as (

    select
        merchant_id,
        customer_id,
        period_month,
        (array_agg(previous_segment order by changed_date asc))[1] as from_segment,
        (array_agg(segment order by changed_date desc))[1] as to_segment
    from changes
    group by merchant_id, customer_id, period_month

),

moves as (

    select
        merchant_id,
        period_month,
        from_segment,
        to_segment,
        count(*) as customer_count
    from customer_moves
    group by merchant_id, period_month, from_segment, to_segment

),

-- Each move once for the segment that it leaves and once for the one that it enters.
flows as (

    select
        merchant_id,
        period_month,
        unnest(array[from_segment, to_segment]) as segment,
        unnest(array[0, customer_count]) as in_count,
        unnest(array[customer_count, 0]) as out_count
    from moves

),

months as (

    select distinct
        merchant_id,
        period_month
    from moves

),

-- Who has no row in a month stayed: the customers that earlier months left in a segment, less those who had one.
balances as (

    select
        months.merchant_id,
        months.period_month,
        flows.segment,
        coalesce(sum(flows.in_count - flows.out_count) filter (where flows.period_month < months.period_month), 0)
        - coalesce(sum(flows.out_count) filter (where flows.period_month = months.period_month), 0) as stayed_count
    from months
    inner join flows
        on
            months.merchant_id = flows.merchant_id
            and months.period_month >= flows.period_month
    where flows.segment <> 'none'
    group by months.merchant_id, months.period_month, flows.segment

),

pairs as (

    select * from moves
    where from_segment <> 'none' or to_segment <> 'none'

    union all

    select
        merchant_id,
        period_month,
        segment as from_segment,
        segment as to_segment,
        stayed_count as customer_count
    from balances

)

select
    merchant_id,
    period_month,
    from_segment,
    to_segment,
    cast(sum(customer_count) as bigint) as customer_count
from pairs
group by merchant_id, period_month, from_segment, to_segment
having sum(customer_count) > 0
