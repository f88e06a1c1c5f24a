{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['merchant_id', 'as_of_date'],
    on_schema_change='append_new_columns',
    full_refresh=false,
    indexes=[{'columns': ['merchant_id', 'as_of_date']}],
    post_hook="{{ delete_departed_merchants() }}",
) }}

-- What was predicted on earlier nights stands nowhere else: `--full-refresh` leaves this table alone.
with segments as (

    select * from {{ ref('stg_ops__segments') }}
    where is_compiled

),

stays as (

    select * from {{ ref('segment_memberships') }}

),

customers as (

    select * from {{ ref('customer_360') }}

),

recorded as (

    {% if is_incremental() -%}
        select * from {{ this }}
    {%- else -%}
        select * from customers
        where false
    {%- endif %}

),

-- Whoever runs an earlier night again has its customers, and the stays of later nights.
nights as (

    select published.*
    from ({{ segment_nights() }}) as published
    where
        not exists (
            select 1
            from recorded
            where
                recorded.merchant_id = published.merchant_id
                and recorded.as_of_date > published.as_of_date
        )

),

totals as (

    select
        merchant_id,
        max(currency_code) as currency_code,
        count(*) as customer_count
    from customers
    group by merchant_id

),

members as (

    select
        stays.merchant_id,
        stays.segment_name,
        count(*) filter (where stays.is_current) as member_count,
        count(*) filter (where stays.is_current and stays.entered_date = nights.as_of_date) as entered_count,
        count(*) filter (where stays.left_date = nights.as_of_date) as left_count,
        count(customers.clv_amount) filter (where stays.is_current) as predicted_count,
        avg(customers.clv_amount) filter (where stays.is_current) as average_clv_amount,
        sum(customers.clv_amount) filter (where stays.is_current) as members_clv_amount,
        avg(customers.net_amount) filter (where stays.is_current) as average_net_amount
    from stays
    inner join nights
        on stays.merchant_id = nights.merchant_id
    left join customers
        on
            stays.merchant_id = customers.merchant_id
            and stays.customer_id = customers.customer_id
    where
        stays.is_current
        or stays.left_date = nights.as_of_date
    group by stays.merchant_id, stays.segment_name

)

select
    nights.merchant_id,
    segments.segment_name,
    nights.as_of_date,
    totals.customer_count,
    coalesce(members.member_count, 0) as member_count,
    cast(coalesce(members.member_count, 0) as double precision) / totals.customer_count as member_rate,
    coalesce(members.entered_count, 0) as entered_count,
    coalesce(members.left_count, 0) as left_count,
    coalesce(members.predicted_count, 0) as predicted_count,
    {{ money('members.average_clv_amount') }} as average_clv_amount,
    {{ money('members.members_clv_amount') }} as members_clv_amount,
    {{ money('members.average_net_amount') }} as average_net_amount,
    totals.currency_code
from nights
inner join segments
    on nights.merchant_id = segments.merchant_id
inner join totals
    on nights.merchant_id = totals.merchant_id
left join members
    on
        segments.merchant_id = members.merchant_id
        and segments.segment_name = members.segment_name
