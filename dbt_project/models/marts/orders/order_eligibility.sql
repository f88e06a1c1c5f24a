{{ config(indexes=[{'columns': ['merchant_id', 'store_id', 'eligibility']}]) }}

with orders as (

    select * from {{ ref('int_orders_unified') }}

),

judged as (

    select
        *,
        case
            when ineligible_reason is not null then ineligible_reason
            when customer_id is null then 'no_customer'
            else 'counted'
        end as eligibility
    from orders

)

select
    merchant_id,
    store_id,
    source_name,
    eligibility,
    bool_and(is_eligible) as is_counted,
    count(*) as order_count,
    {{ money('sum(amount)') }} as amount,
    currency_code,
    min(order_date) as first_order_date,
    max(order_date) as last_order_date
from judged
group by merchant_id, store_id, source_name, eligibility, currency_code
