{{ config(materialized='view') }}

with programmes as (

    select * from {{ ref('stg_loyalty__programmes') }}

),

balances as (

    select * from {{ ref('stg_loyalty__balances') }}

),

redemptions as (

    select * from {{ ref('stg_loyalty__redemptions') }}

),

-- Points that a customer owes are no asset of the merchant's: they lower nobody else's.
summed as (

    select
        merchant_id,
        programme_name,
        count(*) filter (where available_points > 0) as holder_count,
        sum(earned_points) as earned_points,
        sum(spent_points) as spent_points,
        sum(expired_points) as expired_points,
        sum(pending_points + held_points + greatest(available_points, 0)) as outstanding_points,
        sum(greatest(-available_points, 0)) as owed_points
    from balances
    group by merchant_id, programme_name

),

asked as (

    select
        merchant_id,
        programme_name,
        count(*) as redemption_count,
        count(*) filter (where state in ('held', 'issued', 'withdrawing')) as open_redemption_count,
        count(*) filter (where state = 'used') as used_redemption_count
    from redemptions
    group by merchant_id, programme_name

)

select
    programmes.merchant_id,
    programmes.programme_name,
    programmes.as_of_date,
    coalesce(summed.holder_count, 0) as holder_count,
    cast(coalesce(summed.earned_points, 0) as bigint) as earned_points,
    cast(coalesce(summed.spent_points, 0) as bigint) as spent_points,
    cast(coalesce(summed.expired_points, 0) as bigint) as expired_points,
    cast(coalesce(summed.outstanding_points, 0) as bigint) as outstanding_points,
    cast(coalesce(summed.owed_points, 0) as bigint) as owed_points,
    cast(coalesce(summed.outstanding_points, 0) * programmes.point_value_amount as numeric(18, 4)) as liability_amount,
    programmes.currency_code,
    cast(summed.expired_points as double precision)
    / nullif(summed.expired_points + summed.spent_points, 0) as breakage_rate,
    coalesce(asked.redemption_count, 0) as redemption_count,
    coalesce(asked.open_redemption_count, 0) as open_redemption_count,
    coalesce(asked.used_redemption_count, 0) as used_redemption_count,
    programmes.proven_at
from programmes
left join summed
    on
        programmes.merchant_id = summed.merchant_id
        and programmes.programme_name = summed.programme_name
left join asked
    on
        programmes.merchant_id = asked.merchant_id
        and programmes.programme_name = asked.programme_name
