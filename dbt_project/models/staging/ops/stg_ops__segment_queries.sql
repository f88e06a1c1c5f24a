with queries as (

    select * from {{ source('ops', 'segment_queries') }}

)

select
    merchant_id,
    query_number,
    as_of_date,
    query as query_text
from queries
