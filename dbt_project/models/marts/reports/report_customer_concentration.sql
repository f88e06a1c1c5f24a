{{ config(tags=['before_ml'], indexes=[{'columns': ['merchant_id', 'decile']}]) }}

with customers as (

    select * from {{ ref('int_customers_summarized') }}

),

-- Equal customers may part at a decile's edge: what the deciles come to is the same whoever of them is where.
ranked as (

    select
        merchant_id,
        currency_code,
        net_amount,
        greatest(net_amount, 0) as spend_amount,
        count(*) over (partition by merchant_id) as all_count,
        row_number() over (partition by merchant_id order by net_amount, customer_id) as spend_rank,
        ntile(10) over (partition by merchant_id order by net_amount desc, customer_id desc) as decile
    from customers

),

deciles as (

    select
        merchant_id,
        decile,
        currency_code,
        count(*) as customer_count,
        sum(net_amount) as net_amount,
        min(net_amount) as least_net_amount,
        sum(spend_amount) as spend_amount,
        -- The areas between the diagonal and the Lorenz curve, whose sum over all customers makes the Gini coefficient.
        sum((2 * spend_rank - all_count - 1) * spend_amount / all_count) as gini_part
    from ranked
    group by merchant_id, decile, currency_code

)

select
    merchant_id,
    decile,
    customer_count,
    {{ money('net_amount') }} as net_amount,
    {{ money('least_net_amount') }} as least_net_amount,
    {{ rate('net_amount', 'sum(net_amount) over all_of_them') }} as net_rate,
    {{ rate('sum(net_amount) over up_to', 'sum(net_amount) over all_of_them') }} as cumulative_net_rate,
    {{ rate('sum(gini_part) over all_of_them', 'sum(spend_amount) over all_of_them') }} as gini_coefficient,
    currency_code
from deciles
window
    all_of_them as (partition by merchant_id),
    up_to as (partition by merchant_id order by decile)
