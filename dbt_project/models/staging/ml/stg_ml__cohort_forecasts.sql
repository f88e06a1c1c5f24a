with source as (

    select * from {{ source('ml', 'cohort_forecasts') }}

)

select
    merchant_id,
    model_run_id,
    quantity,
    cohort,
    customer_count,
    expected as expected_value,
    low as low_value,
    high as high_value
from source
