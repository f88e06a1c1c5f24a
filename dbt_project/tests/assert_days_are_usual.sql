{{ config(severity='warn') }}

-- A feed that stopped, a day that came twice, a campaign that nobody told of: for somebody to look at. One row
-- per store and measure, that which departs furthest of its newest unusual day.
with anomalies as (

    select * from {{ ref('report_daily_anomalies') }}

),

newest as (

    select distinct on (merchant_id, store_id, measure_name) *
    from anomalies
    where is_recent and is_unusual
    order by
        merchant_id asc,
        store_id asc,
        measure_name asc,
        revenue_date desc,
        abs(deviation) desc,
        window_days asc

)

select
    merchant_id,
    store_id,
    revenue_date,
    measure_name,
    window_days,
    'Store ' || store_id || ', '
    || case when window_days = 1 then '' else 'the ' || window_days || ' days up to ' end
    || to_char(revenue_date, 'FMDay YYYY-MM-DD') || ': '
    || {{ spoken('observed_value') }} || ' '
    || case
        when measure_name = 'orders' then 'orders'
        when measure_name = 'revenue' then currency_code || ' of net revenue'
        else currency_code || ' of refunds'
    end
    || ', expected were ' || {{ spoken('expected_value') }} || ', usual is '
    || case
        when usual_from_value is null then 'up to ' || {{ spoken('usual_to_value') }}
        when usual_to_value is null then 'at least ' || {{ spoken('usual_from_value') }}
        else {{ spoken('usual_from_value') }} || ' to ' || {{ spoken('usual_to_value') }}
    end as finding
from newest
