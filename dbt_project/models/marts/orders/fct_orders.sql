{{ config(indexes=[
    {'columns': ['merchant_id', 'customer_id']},
    {'columns': ['merchant_id', 'order_date']},
]) }}

with orders as (

    select * from {{ ref('int_orders_unified') }}

),

eligible_orders as (

    select
        *,
        -- Orders of nobody known are nobody's first, second and third.
        case
            when customer_id is not null
                then row_number() over (
                        partition by merchant_id, customer_id
                        order by ordered_at, store_id, order_id
                    )
        end as order_number
    from orders
    where is_eligible

)

select
    merchant_id,
    store_id,
    order_id,
    customer_id,
    ordered_at,
    order_date,
    order_number,
    coalesce(order_number = 1, false) as is_first_order,
    quantity,
    channel,
    amount,
    currency_code,
    original_amount,
    original_currency_code,
    source_name
from eligible_orders
