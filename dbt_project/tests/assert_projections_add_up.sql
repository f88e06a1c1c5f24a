{{ config(tags=['after_ml'], meta={'dagster': {'ref': {'name': 'cohort_projections'}}}) }}

-- Whatever customers are told apart by, together they are worth what is published of all, unless that is withheld.
with projections as (

    select * from {{ ref('cohort_projections') }}
    where cohort_grain <> 'week'

),

published as (

    select * from {{ ref('customer_360') }}
    where purchase_day_count > 0

),

merchants as (

    select * from {{ ref('stg_ops__merchants') }}
    where not is_withheld

),

totals as (

    select
        merchant_id,
        cohort_grain,
        dimension_name,
        sum(cohort_customer_count) as customer_count,
        sum(net_amount) as net_amount,
        sum(clv_amount) as clv_amount
    from projections
    group by merchant_id, cohort_grain, dimension_name

),

expected as (

    select
        merchant_id,
        count(*) as customer_count,
        sum(net_amount) as net_amount,
        sum(clv_amount) as clv_amount
    from published
    group by merchant_id

)

select
    merchants.merchant_id,
    totals.cohort_grain,
    totals.dimension_name,
    totals.customer_count,
    expected.customer_count as expected_customer_count,
    totals.net_amount,
    expected.net_amount as expected_net_amount,
    totals.clv_amount,
    expected.clv_amount as expected_clv_amount
from merchants
inner join expected
    on merchants.merchant_id = expected.merchant_id
left join totals
    on merchants.merchant_id = totals.merchant_id
where
    totals.customer_count is distinct from expected.customer_count
    or totals.net_amount is distinct from expected.net_amount
    or totals.clv_amount is distinct from expected.clv_amount
