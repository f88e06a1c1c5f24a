{{ config(
    tags=['after_ml'],
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['merchant_id', 'customer_id', 'changed_date'],
    on_schema_change='append_new_columns',
    full_refresh=false,
    indexes=[
        {'columns': ['merchant_id', 'customer_id']},
        {'columns': ['merchant_id', 'changed_date']},
    ],
    pre_hook="{{ forget_changes_of_the_night(ref('customer_360'), 'changed_date') }}",
    post_hook="{{ delete_departed_merchants() }}",
) }}

-- Of what was published, so that a night that was withheld leaves no trace. What is recorded of earlier nights exists
-- nowhere else, which is why `--full-refresh` leaves this table alone.
{%- set state = [
    'recency_score', 'frequency_score', 'monetary_score', 'rfm_segment',
    'weighted_frequency_score', 'weighted_monetary_score', 'weighted_rfm_segment',
] %}
with published as (

    select * from {{ ref('customer_360') }}

),

recorded as (

    {% if is_incremental() -%}
        select * from {{ this }}
    {%- else -%}
        -- Before the first night nothing was recorded.
        select
            merchant_id,
            customer_id,
            as_of_date as changed_date,
            {{ state | join(',\n            ') }}
        from published
        where false
    {%- endif %}

),

nights as (

    select
        merchant_id,
        max(as_of_date) as as_of_date
    from published
    group by merchant_id

),

-- Whoever runs an earlier night again knows nothing of the nights since, and records nothing.
new_nights as (

    select nights.*
    from nights
    where
        not exists (
            select 1
            from recorded
            where
                recorded.merchant_id = nights.merchant_id
                and recorded.changed_date >= nights.as_of_date
        )

),

latest as (

    select distinct on (merchant_id, customer_id) *
    from recorded
    order by merchant_id asc, customer_id asc, changed_date desc

),

-- Nobody's state before they buy, and after their records are gone, is null throughout.
changed as (

    select
        coalesce(published.merchant_id, latest.merchant_id) as merchant_id,
        coalesce(published.customer_id, latest.customer_id) as customer_id,
        published.{{ state | join(',\n        published.') }}
    from published
    full join latest
        on
            published.merchant_id = latest.merchant_id
            and published.customer_id = latest.customer_id
    where
        (published.{{ state | join(', published.') }})
        is distinct from (latest.{{ state | join(', latest.') }})

)

select
    changed.merchant_id,
    changed.customer_id,
    new_nights.as_of_date as changed_date,
    changed.{{ state | join(',\n    changed.') }}
from changed
inner join new_nights
    on changed.merchant_id = new_nights.merchant_id
