with source as (

    select * from {{ source('ml', 'model_runs') }}

)

select
    merchant_id,
    model_run_id,
    model_name,
    as_of_date,
    cast(model_card -> 'settings' ->> 'horizon_days' as integer) as horizon_days,
    published_at
from source
