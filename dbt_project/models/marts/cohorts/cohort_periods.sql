{%- set cohort = ['merchant_id', 'cohort_grain', 'dimension_name', 'dimension_value', 'cohort_date'] -%}
{%- set amounts = ['gross_amount', 'refund_amount', 'costed_amount', 'margin_amount', 'uncosted_amount'] -%}
{{ config(tags=['before_ml'], indexes=[{'columns': cohort}]) }}

with activity as (

    select * from {{ ref('cohort_activity') }}

),

merchants as (

    select * from {{ ref('stg_ops__merchants') }}

),

-- Everybody bought in the period that they were acquired in.
cohorts as (

    select
        activity.merchant_id,
        activity.cohort_grain,
        activity.dimension_name,
        activity.dimension_value,
        activity.cohort_date,
        activity.active_customer_count as cohort_customer_count,
        merchants.as_of_date,
        merchants.currency_code,
        {{ period_of('activity.cohort_grain', 'merchants.as_of_date') }} as last_period_date,
        case activity.cohort_grain
            when 'week' then interval '1 week'
            when 'month' then interval '1 month'
            else interval '3 months'
        end as period_length
    from activity
    inner join merchants
        on activity.merchant_id = merchants.merchant_id
    where activity.period_date = activity.cohort_date

),

spine as (

    select
        cohorts.*,
        numbers.period_number,
        cast(cohorts.cohort_date + numbers.period_number * cohorts.period_length as date) as period_date
    from cohorts
    cross join lateral generate_series(
        0, {{ periods_between('cohorts.cohort_grain', 'cohorts.cohort_date', 'cohorts.last_period_date') }}
    ) as numbers (period_number)

),

periods as (

    select
        spine.*,
        cast(spine.period_date + spine.period_length as date) <= spine.as_of_date + 1 as is_complete_period,
        coalesce(activity.active_customer_count, 0) as active_customer_count,
        {%- for amount in amounts %}
            coalesce(activity.{{ amount }}, 0) as {{ amount }},
        {%- endfor %}
        coalesce(activity.gross_amount - activity.refund_amount, 0) as net_amount,
        coalesce(activity.order_count, 0) as order_count
    from spine
    left join activity
        on
            spine.merchant_id = activity.merchant_id
            and spine.cohort_grain = activity.cohort_grain
            and spine.dimension_name = activity.dimension_name
            and spine.dimension_value = activity.dimension_value
            and spine.cohort_date = activity.cohort_date
            and spine.period_date = activity.period_date

),

accumulated as (

    select
        {%- for measure in ['order_count', 'net_amount', 'costed_amount', 'margin_amount', 'uncosted_amount'] %}
            sum(periods.{{ measure }}) over (
                partition by periods.merchant_id, periods.{{ cohort[1:] | join(', periods.') }}
                order by periods.period_number
                rows between unbounded preceding and current row
            ) as cumulative_{{ measure }},
        {%- endfor %}
        periods.*
    from periods

)

select
    {{ cohort | join(', ') }},
    period_number,
    period_date,
    is_complete_period,
    cohort_customer_count,
    active_customer_count,
    cast(cast(active_customer_count as numeric) / cohort_customer_count as numeric(18, 6)) as retention_rate,
    order_count,
    {%- for amount in amounts[:2] + ['net_amount'] + amounts[2:] %}
        {{ money(amount) }} as {{ amount }},
    {%- endfor %}
    cast(cumulative_order_count as bigint) as cumulative_order_count,
    {%- for amount in ['net_amount', 'margin_amount'] %}
        {{ money('cumulative_' ~ amount) }} as cumulative_{{ amount }},
    {%- endfor %}
    cast(cumulative_order_count / cohort_customer_count as numeric(18, 6)) as cumulative_orders_per_customer,
    {{ money('cumulative_net_amount / cohort_customer_count') }} as cumulative_net_per_customer_amount,
    {{ money('cumulative_uncosted_amount') }} as cumulative_uncosted_amount,
    case
        when cumulative_uncosted_amount = 0 or cumulative_costed_amount <> 0 or cumulative_margin_amount <> 0
            then {{ money('cumulative_margin_amount / cohort_customer_count') }}
    end as cumulative_margin_per_customer_amount,
    currency_code
from accumulated
