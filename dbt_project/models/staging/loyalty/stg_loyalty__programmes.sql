with source as (

    select * from {{ source('loyalty', 'programmes') }}

)

select
    merchant_id,
    programme as programme_name,
    point_value_amount,
    currency_code,
    posted_as_of_date as as_of_date,
    proven_at
from source
