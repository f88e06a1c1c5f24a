{{ config(materialized='view') }}

with balances as (

    select * from {{ ref('stg_loyalty__balances') }}

),

programmes as (

    select * from {{ ref('stg_loyalty__programmes') }}

),

stays as (

    select * from {{ ref('stg_loyalty__tier_memberships') }}
    where left_date is null

),

-- Who spent before the programme began may be in a tier without a point.
customers as (

    select
        merchant_id,
        programme_name,
        customer_id
    from balances

    union

    select
        merchant_id,
        programme_name,
        customer_id
    from stays

)

select
    customers.merchant_id,
    customers.programme_name,
    customers.customer_id,
    coalesce(balances.earned_points, 0) as earned_points,
    coalesce(balances.pending_points, 0) as pending_points,
    coalesce(balances.available_points, 0) as available_points,
    coalesce(balances.held_points, 0) as held_points,
    coalesce(balances.spent_points, 0) as spent_points,
    coalesce(balances.expired_points, 0) as expired_points,
    cast(
        coalesce(balances.available_points, 0) * programmes.point_value_amount as numeric(18, 4)
    ) as available_amount,
    programmes.currency_code,
    stays.tier_name,
    stays.entered_date as tier_entered_date,
    stays.below_since_date as tier_below_since_date
from customers
inner join programmes
    on
        customers.merchant_id = programmes.merchant_id
        and customers.programme_name = programmes.programme_name
left join balances
    on
        customers.merchant_id = balances.merchant_id
        and customers.programme_name = balances.programme_name
        and customers.customer_id = balances.customer_id
left join stays
    on
        customers.merchant_id = stays.merchant_id
        and customers.programme_name = stays.programme_name
        and customers.customer_id = stays.customer_id
