{{ config(tags=['before_ml'], indexes=[{'columns': ['merchant_id', 'store_id', 'revenue_date']}]) }}

with store_days as (

    select * from {{ ref('store_day_reconciliation') }}

),

merchants as (

    select * from {{ ref('stg_ops__merchants') }}

),

-- A year and two months: last year's days, and the weeks before them. Amounts are in orders of ordinary worth.
stores as (

    select
        store_days.merchant_id,
        store_days.store_id,
        merchants.as_of_date,
        merchants.currency_code,
        greatest(min(store_days.revenue_date), merchants.as_of_date - 420) as first_date,
        coalesce(
            percentile_cont(0.5) within group (
                order by cast(store_days.amount / nullif(store_days.order_count, 0) as float)
            ) filter (where store_days.amount > 0 and store_days.revenue_date >= merchants.as_of_date - 420), 1
        ) as order_worth
    from store_days
    inner join merchants
        on store_days.merchant_id = merchants.merchant_id
    group by store_days.merchant_id, store_days.store_id, merchants.as_of_date, merchants.currency_code

),

measured as (

    select
        stores.merchant_id,
        {{ columns_of_store('stores') }},
        stores.first_date + day_numbers.day_number as revenue_date,
        day_numbers.day_number + 1 as day_count,
        cast(coalesce(sum(store_days.order_count), 0) as float) as orders_1,
        cast(coalesce(sum(store_days.net_amount), 0) as float) / stores.order_worth as revenue_1,
        cast(coalesce(sum(store_days.refund_amount), 0) as float) / stores.order_worth as refunds_1
    from stores
    cross join lateral generate_series(0, stores.as_of_date - stores.first_date) as day_numbers (day_number)
    left join store_days
        on
            stores.merchant_id = store_days.merchant_id
            and stores.store_id = store_days.store_id
            and stores.first_date + day_numbers.day_number = store_days.revenue_date
    group by stores.merchant_id, {{ columns_of_store('stores') }}, day_numbers.day_number

),

summed as (

    select
        *,
    {%- for measure, days in [('orders', 2), ('orders', 7), ('revenue', 2), ('revenue', 7)] %}
        sum({{ measure }}_1) over (
            partition by merchant_id, store_id order by revenue_date rows {{ days - 1 }} preceding
            ) as {{ measure }}_{{ days }}{{ "," if not loop.last }}
    {%- endfor %}
    from measured

),

series as (

    select
        *,
        unnest(array['orders', 'orders', 'orders', 'revenue', 'revenue', 'revenue', 'refunds']) as measure_name,
        unnest(array[1, 2, 7, 1, 2, 7, 1]) as window_days,
        unnest(array[orders_1, orders_2, orders_7, revenue_1, revenue_2, revenue_7, refunds_1]) as observed
    from summed

),

followed as (

    select
        *,
    {%- for days_ago in [7, 14, 21, 28] %}
        lag(observed, {{ days_ago }}) over (
            partition by merchant_id, store_id, measure_name, window_days order by revenue_date
            ) as observed_{{ days_ago }}{{ "," if not loop.last }}
    {%- endfor %}
    from series
    where day_count >= window_days

),

compared as (

    select
        *,
        greatest({{ middle_of_four('observed_7', 'observed_14', 'observed_21', 'observed_28') }}, 0) as ordinary
    from followed
    where observed_28 is not null

)

select
    merchant_id,
    store_id,
    revenue_date,
    measure_name,
    window_days,
    as_of_date,
    case when measure_name = 'orders' then 1 else order_worth end as unit_worth,
    observed,
    ordinary,
    {{ rooted('observed') }} - {{ rooted('ordinary') }} as departure,
    -- Five orders on either side: two orders instead of one say next to nothing of a season.
    (greatest(observed, 0) + 5) / (ordinary + 5) as ratio,
    currency_code
from compared
