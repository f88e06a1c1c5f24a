{{ config(tags=['before_ml'], indexes=[{'columns': ['merchant_id', 'interval_days']}]) }}

with purchase_days as (

    select * from {{ ref('int_purchase_days_aggregated') }}

),

numbered as (

    select
        merchant_id,
        purchase_date - lag(purchase_date) over (
            partition by merchant_id, customer_id order by purchase_date
        ) as interval_days,
        row_number() over (partition by merchant_id, customer_id order by purchase_date) - 1 as earlier_purchase_count
    from purchase_days

),

-- From the third purchase on they are much alike.
counted as (

    select
        merchant_id,
        interval_days,
        count(*) filter (where earlier_purchase_count = 1) as second_purchase_count,
        count(*) filter (where earlier_purchase_count > 1) as later_purchase_count,
        count(*) as interval_count
    from numbered
    where interval_days is not null
    group by merchant_id, interval_days

)

select
    merchant_id,
    interval_days,
    interval_count,
    second_purchase_count,
    later_purchase_count,
    {{ rate('sum(interval_count) over up_to', 'sum(interval_count) over all_of_them') }} as cumulative_rate
from counted
window
    all_of_them as (partition by merchant_id),
    up_to as (partition by merchant_id order by interval_days)
