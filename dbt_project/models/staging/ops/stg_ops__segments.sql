with segments as (

    select * from {{ source('ops', 'segments') }}

)

select
    merchant_id,
    segment_name,
    description as segment_description,
    declared_in,
    criteria_hash,
    error as compile_error,
    error is null as is_compiled
from segments
