{{ config(tags=['before_ml'], indexes=[{'columns': ['merchant_id', 'discount_dependence']}]) }}

with orders as (

    select * from {{ ref('int_orders_unified') }}

),

customers as (

    select
        merchant_id,
        customer_id,
        currency_code,
        count(*) as order_count,
        count(*) filter (where has_discount) as discounted_order_count,
        count(*) filter (where has_discount is null) as unknown_order_count,
        sum(amount) as gross_amount,
        coalesce(sum(amount) filter (where has_discount), 0) as discounted_gross_amount
    from orders
    where
        is_eligible
        and customer_id is not null
    group by merchant_id, customer_id, currency_code

),

judged as (

    select
        *,
        case
            when unknown_order_count > 0 then 'unknown'
            when discounted_order_count = 0 then 'never'
            when discounted_order_count = order_count then 'always'
            when 2 * discounted_order_count >= order_count then 'mostly'
            else 'sometimes'
        end as discount_dependence
    from customers

)

-- Who bought once and at a discount says little of dependence: those are counted apart.
select
    merchant_id,
    discount_dependence,
    count(*) as customer_count,
    count(*) filter (where order_count = 1) as single_order_customer_count,
    cast(sum(order_count) as bigint) as order_count,
    cast(sum(discounted_order_count) as bigint) as discounted_order_count,
    {{ rate('sum(discounted_order_count)', 'sum(order_count)') }} as discounted_order_rate,
    {{ money('sum(gross_amount)') }} as gross_amount,
    {{ money('sum(discounted_gross_amount)') }} as discounted_gross_amount,
    {{ rate('sum(gross_amount)', 'sum(sum(gross_amount)) over (partition by merchant_id)') }} as gross_rate,
    currency_code
from judged
group by merchant_id, discount_dependence, currency_code
