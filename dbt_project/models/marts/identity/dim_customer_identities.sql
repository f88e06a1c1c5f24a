{{ config(indexes=[
    {'columns': ['merchant_id', 'record_id']},
    {'columns': ['merchant_id', 'customer_id']},
]) }}

with records as (

    select * from {{ ref('int_identity_records_assigned') }}

)

select
    merchant_id,
    record_id,
    customer_id,
    since_date,
    array(select jsonb_array_elements_text(previous_customer_ids)) as previous_customer_ids,
    first_seen_at,
    is_present
from records
