{{ config(tags=['before_ml'], indexes=[{'columns': ['merchant_id', 'store_id', 'revenue_date']}]) }}

{%- set days_last_year = [357, 364, 365, 366, 371] %}

with days as (

    select * from {{ ref('store_day_comparisons') }}

),

-- How last year's days departed: of the same weekday and its neighbours, as feasts move, and of the same date.
remembered as (

    select
        *,
    {%- for days_ago in days_last_year %}
        lag(departure, {{ days_ago }}) over earlier as departure_{{ days_ago }},
        lag(ratio, {{ days_ago }}) over earlier as ratio_{{ days_ago }}{{ "," if not loop.last }}
    {%- endfor %}
    from days
    window earlier as (partition by merchant_id, store_id, measure_name, window_days order by revenue_date)

),

scaled as (

    select
        remembered.merchant_id,
        remembered.store_id,
        remembered.revenue_date,
        remembered.measure_name,
        remembered.window_days,
        -- Chance alone spreads as wide as this, that of the weeks compared with included.
        greatest(
            1.15,
            1.4826 * percentile_cont(0.5) within group (order by abs(earlier.departure))
        ) as scale
    from remembered
    inner join days as earlier
        on
            remembered.merchant_id = earlier.merchant_id
            and {{ is_same_series('remembered', 'earlier') }}
            and earlier.revenue_date between remembered.revenue_date - 56 and remembered.revenue_date - 1
    where remembered.revenue_date > remembered.as_of_date - 14
    group by
        remembered.merchant_id,
        remembered.store_id,
        remembered.revenue_date,
        remembered.measure_name,
        remembered.window_days
    having count(*) >= 14

),

-- Whatever last year did about now is usual, and so is doing nothing of the kind, unless every day then departed.
seasoned as (

    select
        remembered.*,
        scaled.scale,
        {%- set telling = [] %}
        {%- for days_ago in days_last_year %}{% do telling.append(ratio_if_telling(days_ago)) %}{% endfor %}
        case when remembered.measure_name = 'orders' then 3.5 else 4.0 end * scaled.scale as reach,
        least({{ telling | join(', ') }}) as least_ratio,
        greatest({{ telling | join(', ') }}) as greatest_ratio,
        (
            select percentile_cont(0.5) within group (order by candidates.ratio)
            from unnest(array[{{ telling | join(', ') }}]) as candidates (ratio)
        ) as middle_ratio
    from scaled
    inner join remembered
        on
            scaled.merchant_id = remembered.merchant_id
            and {{ is_same_series('scaled', 'remembered') }}
            and scaled.revenue_date = remembered.revenue_date

),

-- The line lies where a healthy store seldom comes; amounts vary more than orders.
bounded as (

    select
        *,
        ordinary * middle_ratio as expected,
        {{ rooted('ordinary * least_ratio') }} - reach * sqrt(greatest(least_ratio, 1)) as low,
        {{ rooted('ordinary * greatest_ratio') }} + reach * sqrt(greatest(greatest_ratio, 1)) as high
    from seasoned

),

-- Of two days and of a week, only too little counts: what came twice shows on its day. Too few refunds harm nobody.
judged as (

    select
        *,
        {{ money('observed * unit_worth') }} as observed_value,
        case
            when measure_name <> 'refunds' then {{ money('(' ~ unrooted('low') ~ ') * unit_worth') }}
        end as usual_from_value,
        case when window_days = 1 then {{ money('(' ~ unrooted('high') ~ ') * unit_worth') }} end as usual_to_value
    from bounded

)

select
    merchant_id,
    store_id,
    revenue_date,
    measure_name,
    window_days,
    revenue_date > as_of_date - 3 as is_recent,
    observed_value,
    {{ money('expected * unit_worth') }} as expected_value,
    {{ money("greatest(usual_from_value, case when measure_name = 'orders' then 0 end)") }} as usual_from_value,
    {{ money('usual_to_value') }} as usual_to_value,
    cast(({{ rooted('observed') }} - {{ rooted('expected') }}) / scale as numeric(18, 6)) as deviation,
    coalesce(observed_value < usual_from_value or observed_value > usual_to_value, false) as is_unusual,
    currency_code
from judged
