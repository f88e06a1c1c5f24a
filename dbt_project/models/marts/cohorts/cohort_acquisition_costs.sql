{{ config(
    tags=['before_ml'],
    indexes=[{'columns': ['merchant_id', 'dimension_name', 'dimension_value', 'acquisition_month']}],
) }}

with spend as (

    select * from {{ ref('fct_marketing_spend') }}

),

cohort_values as (

    select * from {{ ref('cohort_values') }}

),

periods as (

    select * from {{ ref('cohort_periods') }}

),

merchants as (

    select * from {{ ref('stg_ops__merchants') }}

),

-- A channel that brought nobody keeps its name: its money was spent all the same.
told_apart as (

    select
        spend.merchant_id,
        {{ month_of('spend.spend_date') }} as acquisition_month,
        spend.amount,
        unnest(array['all', 'channel']) as dimension_name,
        unnest(array['all', coalesce(cohort_values.dimension_value, lower(trim(spend.channel)), 'unknown')])
            as dimension_value
    from spend
    left join cohort_values
        on
            spend.merchant_id = cohort_values.merchant_id
            and cohort_values.dimension_name = 'channel'
            and cohort_values.original_value = lower(trim(spend.channel))

),

spent as (

    select
        merchant_id,
        acquisition_month,
        dimension_name,
        dimension_value,
        coalesce(sum(amount), 0) as spend_amount,
        count(*) filter (where amount is null) as unconverted_spend_count
    from told_apart
    group by merchant_id, acquisition_month, dimension_name, dimension_value

),

acquired as (

    select
        merchant_id,
        cohort_date as acquisition_month,
        dimension_name,
        dimension_value,
        cohort_customer_count
    from periods
    where
        cohort_grain = 'month'
        and dimension_name in ('all', 'channel')
        and period_number = 0

),

joined as (

    select
        coalesce(acquired.merchant_id, spent.merchant_id) as merchant_id,
        coalesce(acquired.acquisition_month, spent.acquisition_month) as acquisition_month,
        coalesce(acquired.dimension_name, spent.dimension_name) as dimension_name,
        coalesce(acquired.dimension_value, spent.dimension_value) as dimension_value,
        coalesce(acquired.cohort_customer_count, 0) as cohort_customer_count,
        coalesce(spent.spend_amount, 0) as spend_amount,
        coalesce(spent.unconverted_spend_count, 0) as unconverted_spend_count
    from acquired
    full join spent
        on
            acquired.merchant_id = spent.merchant_id
            and acquired.acquisition_month = spent.acquisition_month
            and acquired.dimension_name = spent.dimension_name
            and acquired.dimension_value = spent.dimension_value

)

select
    joined.merchant_id,
    joined.dimension_name,
    joined.dimension_value,
    joined.acquisition_month,
    joined.cohort_customer_count,
    {{ money('joined.spend_amount') }} as spend_amount,
    joined.unconverted_spend_count,
    {{ cost_basis('joined') }} as cost_basis,
    case
        when {{ cost_basis('joined') }} = 'known'
            then {{ money('joined.spend_amount / joined.cohort_customer_count') }}
    end as acquisition_cost_amount,
    merchants.currency_code
from joined
inner join merchants
    on joined.merchant_id = merchants.merchant_id
