with purchase_days as (

    select * from {{ ref('int_purchase_days_aggregated') }}

),

orders as (

    select * from {{ ref('int_orders_unified') }}

),

first_days as (

    select
        merchant_id,
        customer_id,
        min(purchase_date) as purchase_date
    from purchase_days
    group by merchant_id, customer_id

)

-- Of several orders on that day the earliest one brought the customer.
select distinct on (first_days.merchant_id, first_days.customer_id)
    first_days.merchant_id,
    first_days.customer_id,
    first_days.purchase_date,
    orders.channel,
    orders.country_code,
    orders.has_discount,
    orders.store_id,
    orders.order_id
from first_days
inner join orders
    on
        first_days.merchant_id = orders.merchant_id
        and first_days.customer_id = orders.customer_id
        and first_days.purchase_date = orders.order_date
where orders.is_eligible
order by
    first_days.merchant_id asc,
    first_days.customer_id asc,
    orders.ordered_at asc,
    orders.store_id asc,
    orders.order_id asc
