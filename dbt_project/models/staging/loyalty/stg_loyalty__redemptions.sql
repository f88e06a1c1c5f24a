-- Without the code: whoever has it may use it.
with source as (

    select * from {{ source('loyalty', 'redemptions') }}

)

select
    merchant_id,
    programme as programme_name,
    redemption_id,
    customer_id,
    reward as reward_name,
    points,
    state,
    requested_at,
    closed_at
from source
