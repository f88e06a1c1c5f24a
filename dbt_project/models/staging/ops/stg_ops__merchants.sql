with source as (

    select * from {{ source('ops', 'merchants') }}

)

select
    merchant_id,
    merchant_name,
    time_zone,
    currency_code,
    as_of_date,
    counts_zero_amount_days,
    array_to_string(withheld_reasons, '; ') as withheld_reasons,
    cardinality(withheld_reasons) > 0 as is_withheld
from source
