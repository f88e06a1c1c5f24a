{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['merchant_id', 'segment_name', 'customer_id', 'entered_date'],
    on_schema_change='append_new_columns',
    full_refresh=false,
    indexes=[
        {'columns': ['merchant_id', 'customer_id']},
        {'columns': ['merchant_id', 'segment_name']},
    ],
    pre_hook=["{{ forget_stays_of_the_night() }}", "{{ reopen_stays_of_the_night() }}"],
    post_hook="{{ delete_departed_merchants() }}",
) }}

-- Only what changed tonight is written: who entered, and who left. What is recorded of earlier nights exists nowhere
-- else, which is why `--full-refresh` leaves this table alone.
with segments as (

    select * from {{ ref('stg_ops__segments') }}

),

met as (

    {{ segment_members() }}

),

recorded as (

    {% if is_incremental() -%}
        select * from {{ this }}
    {%- else -%}
        -- Before the first night nothing was recorded.
        select
            met.merchant_id,
            met.segment_name,
            met.customer_id,
            cast(null as date) as entered_date,
            cast(null as timestamptz) as entered_at,
            cast(null as date) as left_date
        from met
        where false
    {%- endif %}

),

-- Whoever runs an earlier night again knows nothing of the nights since, and records nothing.
nights as (

    select published.*
    from ({{ segment_nights() }}) as published
    where
        not exists (
            select 1
            from recorded
            where
                recorded.merchant_id = published.merchant_id
                and greatest(recorded.entered_date, recorded.left_date) >= published.as_of_date
        )

),

open_stays as (

    select * from recorded
    where left_date is null

),

changes as (

    select
        coalesce(met.merchant_id, open_stays.merchant_id) as merchant_id,
        coalesce(met.segment_name, open_stays.segment_name) as segment_name,
        coalesce(met.customer_id, open_stays.customer_id) as customer_id,
        open_stays.entered_date,
        open_stays.entered_at,
        met.customer_id is null as has_left
    from met
    full join open_stays
        on
            met.merchant_id = open_stays.merchant_id
            and met.segment_name = open_stays.segment_name
            and met.customer_id = open_stays.customer_id
    where
        met.customer_id is null
        or open_stays.customer_id is null

)

-- Nobody leaves a segment whose criteria are wrong; everybody leaves one that is no more.
select
    changes.merchant_id,
    changes.segment_name,
    changes.customer_id,
    coalesce(changes.entered_date, nights.as_of_date) as entered_date,
    coalesce(changes.entered_at, nights.ends_at) as entered_at,
    ends.as_of_date as left_date,
    ends.ends_at as left_at,
    not changes.has_left as is_current
from changes
inner join nights
    on changes.merchant_id = nights.merchant_id
left join nights as ends
    on
        changes.merchant_id = ends.merchant_id
        and changes.has_left
left join segments
    on
        changes.merchant_id = segments.merchant_id
        and changes.segment_name = segments.segment_name
where
    not changes.has_left
    or coalesce(segments.is_compiled, true)
