{{ config(indexes=[{'columns': ['merchant_id', 'customer_id']}]) }}

-- Who has or had an order or a refund that changed: whose rows in every table of customers are to be made again.
with orders as (

    select * from {{ ref('int_orders_touched') }}
    where touched_by = '{{ invocation_id }}'

),

refunds as (

    select * from {{ ref('int_refunds_touched') }}
    where touched_by = '{{ invocation_id }}'

),

holders as (

    select
        merchant_id,
        customer_id
    from orders
    union
    select
        merchant_id,
        earlier_customer_id as customer_id
    from orders
    union
    select
        merchant_id,
        customer_id
    from refunds
    union
    select
        merchant_id,
        earlier_customer_id as customer_id
    from refunds

)

select
    merchant_id,
    customer_id,
    '{{ invocation_id }}' as touched_by
from holders
where customer_id is not null
