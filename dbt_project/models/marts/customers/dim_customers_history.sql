{{ config(materialized='view', tags=['before_ml']) }}

with states as (

    select * from {{ ref('customer_states') }}

),

ranged as (

    select
        *,
        lead(valid_from_date) over (
            partition by merchant_id, customer_id
            order by valid_from_date
        ) as valid_to_date
    from states

)

select
    merchant_id,
    customer_id,
    valid_from_date,
    valid_to_date,
    valid_to_date is null as is_current,
    has_email_consent,
    country_code,
    rfm_segment
from ranged
-- Whoever departed has no state any more, and ended the one before.
where not is_departed
