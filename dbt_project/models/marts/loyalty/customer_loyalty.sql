{{ config(materialized='view') }}

with balances as (

    select * from {{ ref('stg_loyalty__balances') }}

),

programmes as (

    select * from {{ ref('stg_loyalty__programmes') }}

),

stays as (

    select * from {{ ref('stg_loyalty__tier_memberships') }}

)

select
    programmes.merchant_id,
    programmes.programme_name,
    balances.customer_id,
    balances.earned_points,
    balances.pending_points,
    balances.available_points,
    balances.held_points,
    balances.spent_points,
    balances.expired_points,
    cast(
        balances.available_points * programmes.point_value_amount as numeric(18, 4)
    ) as available_amount,
    programmes.currency_code,
    stays.tier_name,
    stays.entered_date as tier_entered_date,
    stays.below_since_date as tier_below_since_date
from balances
inner join programmes
    on
        balances.merchant_id = programmes.merchant_id
        and balances.programme_name = programmes.programme_name
left join stays
    on
        balances.merchant_id = stays.merchant_id
        and balances.programme_name = stays.programme_name
        and balances.customer_id = stays.customer_id
        and stays.left_date is null
