{{ config(materialized='view') }}

with merchants as (

    select * from {{ ref('stg_ops__merchants') }}

),

eligibility as (

    select * from {{ ref('order_eligibility') }}

),

ranges as (

    select
        merchants.merchant_id,
        merchants.as_of_date,
        min(eligibility.first_order_date) as first_date
    from merchants
    inner join eligibility
        on merchants.merchant_id = eligibility.merchant_id
    where eligibility.is_counted
    group by merchants.merchant_id, merchants.as_of_date

),

days as (

    select
        ranges.merchant_id,
        ranges.as_of_date,
        ranges.first_date + day_numbers.day_number as calendar_date
    from ranges
    cross join lateral generate_series(0, ranges.as_of_date - ranges.first_date) as day_numbers (day_number)

)

select
    merchant_id,
    calendar_date,
    {{ month_of('calendar_date') }} as calendar_month,
    cast(extract(year from calendar_date) as integer) as year_number,
    cast(extract(quarter from calendar_date) as integer) as quarter_number,
    cast(extract(month from calendar_date) as integer) as month_number,
    cast(extract(isoyear from calendar_date) as integer) as iso_year_number,
    cast(extract(week from calendar_date) as integer) as iso_week_number,
    cast(extract(isodow from calendar_date) as integer) as iso_weekday_number,
    extract(isodow from calendar_date) >= 6 as is_weekend,
    as_of_date - calendar_date as days_before_as_of
from days
