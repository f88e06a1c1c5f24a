with source as (

    select * from {{ source('activation', 'campaign_enrolments') }}

)

select
    merchant_id,
    cast(jsonb_build_array(campaign, customer_id, period) as text) as enrolment_key,
    campaign as campaign_name,
    customer_id,
    period,
    campaign_version,
    arm,
    refusal,
    as_of_date as enrolled_date,
    window_days,
    forecast_amount,
    currency_code
from source
