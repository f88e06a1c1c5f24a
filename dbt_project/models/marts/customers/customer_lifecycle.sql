{{ config(
    tags=['before_ml'],
    indexes=[
        {'columns': ['merchant_id', 'customer_id']},
        {'columns': ['merchant_id', 'lifecycle_stage']},
    ],
) }}

with thresholds as (

    select * from {{ ref('merchant_lifecycle') }}

),

purchase_days as (

    select * from {{ ref('int_purchase_days_aggregated') }}

),

numbered as (

    select
        merchant_id,
        customer_id,
        purchase_date,
        row_number() over days as day_number,
        purchase_date - lag(purchase_date) over days as interval_days
    from purchase_days
    window days as (
        partition by merchant_id, customer_id
        order by purchase_date
    )

),

buyers as (

    select
        numbered.merchant_id,
        numbered.customer_id,
        max(numbered.purchase_date) as last_purchase_date,
        count(*) as purchase_day_count,
        max(numbered.day_number) filter (where numbered.interval_days > thresholds.lapsed_after_days) as return_number
    from numbered
    inner join thresholds
        on numbered.merchant_id = thresholds.merchant_id
    group by numbered.merchant_id, numbered.customer_id

),

placed as (

    select
        *,
        return_number is not null as has_returned,
        purchase_day_count - coalesce(return_number, 1) + 1 as spell_day_count
    from buyers

)

select
    placed.merchant_id,
    placed.customer_id,
    thresholds.as_of_date,
    placed.last_purchase_date,
    thresholds.as_of_date - placed.last_purchase_date as days_since_last_purchase,
    placed.purchase_day_count,
    placed.spell_day_count,
    placed.has_returned,
    {{ lifecycle_stage(
        '(thresholds.as_of_date - placed.last_purchase_date)', 'placed.spell_day_count', 'placed.has_returned', 'thresholds'
    ) }} as lifecycle_stage
from placed
inner join thresholds
    on placed.merchant_id = thresholds.merchant_id
