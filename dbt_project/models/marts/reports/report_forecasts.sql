{{ config(tags=['after_ml'], indexes=[{'columns': ['merchant_id', 'as_of_date']}]) }}

with model_runs as (

    select * from {{ ref('stg_ml__model_runs') }}

),

forecasts as (

    select * from {{ ref('stg_ml__cohort_forecasts') }}

),

merchants as (

    select * from {{ ref('stg_ops__merchants') }}

),

purchase_days as (

    select * from {{ ref('int_purchase_days_aggregated') }}

),

customers as (

    select * from {{ ref('int_customers_summarized') }}

),

-- One night of each month is held against what happened: neighbours say nearly the same, and every one costs a reading.
runs as (

    select distinct on (model_runs.merchant_id, {{ month_of('model_runs.as_of_date') }})
        model_runs.merchant_id,
        model_runs.model_run_id,
        model_runs.model_name,
        model_runs.as_of_date,
        model_runs.horizon_days,
        model_runs.as_of_date + model_runs.horizon_days as horizon_end_date,
        merchants.as_of_date as today
    from model_runs
    inner join merchants
        on model_runs.merchant_id = merchants.merchant_id
    where
        model_runs.published_at is not null
        and model_runs.horizon_days is not null
        and model_runs.as_of_date < merchants.as_of_date
        and model_runs.as_of_date >= merchants.as_of_date - 3 * 366
    order by
        model_runs.merchant_id asc,
        {{ month_of('model_runs.as_of_date') }} asc,
        model_runs.as_of_date desc,
        model_runs.published_at desc,
        model_runs.model_run_id asc

),

-- Of the customers that the night knew, by what is known now: what came late counts.
actual as (

    select
        runs.merchant_id,
        runs.model_run_id,
        count(*) as purchase_day_count
    from runs
    inner join purchase_days
        on
            runs.merchant_id = purchase_days.merchant_id
            and runs.as_of_date < purchase_days.purchase_date
            and runs.horizon_end_date >= purchase_days.purchase_date
    inner join customers
        on
            purchase_days.merchant_id = customers.merchant_id
            and purchase_days.customer_id = customers.customer_id
            and runs.as_of_date >= customers.first_purchase_date
    group by runs.merchant_id, runs.model_run_id

)

select
    runs.merchant_id,
    runs.model_run_id,
    runs.model_name,
    runs.as_of_date,
    runs.horizon_days,
    runs.horizon_end_date,
    runs.horizon_end_date <= runs.today as is_over,
    forecasts.customer_count,
    forecasts.expected_value as expected_purchases,
    forecasts.low_value as purchases_low,
    forecasts.high_value as purchases_high,
    coalesce(actual.purchase_day_count, 0) as purchase_day_count,
    -- Before the horizon is over the forecast is still right to be higher.
    case
        when runs.horizon_end_date <= runs.today
            then coalesce(actual.purchase_day_count, 0) / nullif(forecasts.expected_value, 0) - 1
    end as deviation,
    case
        when runs.horizon_end_date <= runs.today
            then coalesce(actual.purchase_day_count, 0) between forecasts.low_value and forecasts.high_value
    end as is_within_band
from runs
inner join forecasts
    on
        runs.merchant_id = forecasts.merchant_id
        and runs.model_run_id = forecasts.model_run_id
left join actual
    on
        runs.merchant_id = actual.merchant_id
        and runs.model_run_id = actual.model_run_id
where forecasts.quantity = 'purchase_count' and forecasts.cohort = 'all'
