with source as (

    select * from {{ source('ops', 'exchange_rates') }}

)

select
    merchant_id,
    currency_code as original_currency_code,
    valid_from_date,
    rate as exchange_rate
from source
