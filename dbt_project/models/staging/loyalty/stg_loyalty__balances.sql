with source as (

    select * from {{ source('loyalty', 'balances') }}

)

select
    merchant_id,
    programme as programme_name,
    customer_id,
    -issued_points as earned_points,
    pending_points,
    available_points,
    held_points,
    spent_points,
    expired_points
from source
