with source as (

    select * from {{ source('loyalty', 'tier_memberships') }}

)

select
    merchant_id,
    programme as programme_name,
    customer_id,
    tier as tier_name,
    entered_date,
    left_date,
    below_since_date
from source
