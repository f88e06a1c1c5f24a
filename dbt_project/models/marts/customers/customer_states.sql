{{ config(
    tags=['before_ml'],
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['merchant_id', 'customer_id', 'valid_from_date'],
    on_schema_change='append_new_columns',
    full_refresh=false,
    indexes=[{'columns': ['merchant_id', 'customer_id']}],
    pre_hook="{{ forget_changes_of_the_night(ref('stg_ops__merchants'), 'valid_from_date') }}",
    post_hook="{{ delete_departed_merchants() }}",
) }}

-- What is recorded of earlier days exists nowhere else, which is why `--full-refresh` leaves this table alone.
with customers as (

    select * from {{ ref('dim_customers') }}

),

scores as (

    select * from {{ ref('customer_rfm') }}

),

merchants as (

    select * from {{ ref('stg_ops__merchants') }}

),

states as (

    select
        customers.merchant_id,
        customers.customer_id,
        customers.has_email_consent,
        customers.country_code,
        scores.rfm_segment
    from customers
    left join scores
        on
            customers.merchant_id = scores.merchant_id
            and customers.customer_id = scores.customer_id

),

recorded as (

    {% if is_incremental() -%}
        select * from {{ this }}
    {%- else -%}
        -- Before the first night nothing was recorded.
        select
            merchant_id,
            customer_id,
            cast(null as date) as valid_from_date,
            has_email_consent,
            country_code,
            rfm_segment,
            false as is_departed
        from states
        where false
    {%- endif %}

),

latest as (

    select distinct on (merchant_id, customer_id)
        *,
        max(valid_from_date) over (partition by merchant_id) as newest_date
    from recorded
    order by merchant_id asc, customer_id asc, valid_from_date desc

),

changed as (

    select
        coalesce(states.merchant_id, latest.merchant_id) as merchant_id,
        coalesce(states.customer_id, latest.customer_id) as customer_id,
        states.has_email_consent,
        states.country_code,
        states.rfm_segment,
        states.customer_id is null as is_departed
    from states
    full join latest
        on
            states.merchant_id = latest.merchant_id
            and states.customer_id = latest.customer_id
    where
        latest.customer_id is null
        or (states.has_email_consent, states.country_code, states.rfm_segment, states.customer_id is null)
        is distinct from (latest.has_email_consent, latest.country_code, latest.rfm_segment, latest.is_departed)

)

select
    changed.merchant_id,
    changed.customer_id,
    merchants.as_of_date as valid_from_date,
    changed.has_email_consent,
    changed.country_code,
    changed.rfm_segment,
    changed.is_departed
from changed
inner join merchants
    on changed.merchant_id = merchants.merchant_id
-- A run that describes an earlier day knows nothing of the days since, and records nothing.
where
    not exists (
        select 1
        from latest
        where
            latest.merchant_id = changed.merchant_id
            and latest.newest_date >= merchants.as_of_date
    )
