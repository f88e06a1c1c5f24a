{{ config(tags=['before_ml'], indexes=[{'columns': ['merchant_id']}]) }}

with merchants as (

    select * from {{ ref('stg_ops__merchants') }}

),

purchase_days as (

    select * from {{ ref('int_purchase_days_aggregated') }}

),

intervals as (

    select
        merchant_id,
        purchase_date - lag(purchase_date) over (
            partition by merchant_id, customer_id
            order by purchase_date
        ) as interval_days
    from purchase_days

),

-- Of days that were seen, so that a threshold is a time that a customer did take.
quantiles as (

    select
        merchant_id,
        count(*) as interval_count,
        percentile_disc(array[0.5, 0.8, 0.95]) within group (order by interval_days) as interval_days
    from intervals
    where interval_days is not null
    group by merchant_id

),

weighed as (

    select
        merchants.merchant_id,
        merchants.as_of_date,
        quantiles.interval_days,
        coalesce(quantiles.interval_count, 0) as interval_count,
        cast(least(coalesce(quantiles.interval_count, 0) / 100.0, 1) as numeric(18, 6)) as own_share
    from merchants
    left join quantiles
        on merchants.merchant_id = quantiles.merchant_id

)

select
    merchant_id,
    as_of_date,
    interval_count,
    own_share,
    {{ lifecycle_threshold('interval_days[1]', 'own_share', 34) }} as cooling_after_days,
    {{ lifecycle_threshold('interval_days[2]', 'own_share', 119) }} as at_risk_after_days,
    {{ lifecycle_threshold('interval_days[3]', 'own_share', 283) }} as lapsed_after_days
from weighed
