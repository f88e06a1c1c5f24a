{{ config(
    tags=['before_ml'],
    indexes=[{'columns': ['merchant_id', 'customer_id']}],
) }}

with customers as (

    select * from {{ ref('int_customers_summarized') }}

),

customer_months as (

    select * from {{ ref('fct_customer_months') }}

),

merchants as (

    select * from {{ ref('stg_ops__merchants') }}

),

margins as (

    select
        merchant_id,
        customer_id,
        sum(margin_amount) as margin_amount,
        case
            when sum(uncosted_amount) = 0 then 'known'
            when bool_or(costed_amount <> 0 or margin_amount <> 0) then 'partly_known'
            else 'unknown'
        end as margin_basis
    from customer_months
    group by merchant_id, customer_id

),

-- A life is as long as it is until now, a month at the least: what somebody brought on one day is no daily rate.
lives as (

    select
        customers.*,
        merchants.as_of_date,
        merchants.as_of_date - customers.first_order_date as life_days,
        greatest(cast(merchants.as_of_date - customers.first_order_date as numeric) / 30.4375, 1) as life_months,
        margins.margin_basis,
        case when margins.margin_basis <> 'unknown' then margins.margin_amount end as margin_amount
    from customers
    inner join merchants
        on customers.merchant_id = merchants.merchant_id
    left join margins
        on
            customers.merchant_id = margins.merchant_id
            and customers.customer_id = margins.customer_id

)

select
    merchant_id,
    customer_id,
    as_of_date,
    life_days,
    order_count,
    gross_amount,
    refund_amount,
    net_amount,
    {{ money('gross_amount / order_count') }} as aov_amount,
    {{ money('net_amount / life_months') }} as net_per_month_amount,
    {{ money('margin_amount') }} as margin_amount,
    {{ money('margin_amount / life_months') }} as margin_per_month_amount,
    margin_basis,
    currency_code
from lives
