{{ config(materialized='view') }}

with stays as (

    select * from {{ ref('stg_loyalty__tier_memberships') }}

)

select
    merchant_id,
    programme_name,
    tier_name,
    count(*) filter (where left_date is null) as member_count,
    count(*) filter (where left_date is null and below_since_date is not null) as grace_count,
    count(*) as stay_count,
    max(entered_date) as last_entered_date
from stays
group by merchant_id, programme_name, tier_name
