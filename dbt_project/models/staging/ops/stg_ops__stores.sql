with source as (

    select * from {{ source('ops', 'stores') }}

)

select
    merchant_id,
    store_id,
    accepted_difference_amount,
    accepted_order_ids
from source
