{{ config(indexes=[{'columns': ['merchant_id', 'customer_id', 'purchase_date']}]) }}

with orders as (

    select * from {{ ref('int_orders_unified') }}

),

merchants as (

    select * from {{ ref('stg_ops__merchants') }}

),

days as (

    select
        merchant_id,
        customer_id,
        order_date as purchase_date,
        count(*) as order_count,
        sum(amount) as amount
    from orders
    where
        is_eligible
        and customer_id is not null
    group by merchant_id, customer_id, order_date

)

select
    days.merchant_id,
    days.customer_id,
    days.purchase_date,
    days.order_count,
    cast(days.amount as numeric(18, 4)) as amount,
    merchants.currency_code
from days
inner join merchants
    on days.merchant_id = merchants.merchant_id
where
    days.amount > 0
    or merchants.counts_zero_amount_days
