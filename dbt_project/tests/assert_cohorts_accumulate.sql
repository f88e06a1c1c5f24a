-- The last cumulative amounts of a cohort are the sums of its periods.
with periods as (

    select * from {{ ref('cohort_periods') }}

)

select
    merchant_id,
    cohort_grain,
    dimension_name,
    dimension_value,
    cohort_date,
    sum(net_amount) as net_amount,
    sum(margin_amount) as margin_amount,
    sum(order_count) as order_count
from periods
group by merchant_id, cohort_grain, dimension_name, dimension_value, cohort_date
having
    sum(net_amount) <> (array_agg(cumulative_net_amount order by period_number desc))[1]
    or sum(margin_amount) <> (array_agg(cumulative_margin_amount order by period_number desc))[1]
    or sum(order_count) <> (array_agg(cumulative_order_count order by period_number desc))[1]
