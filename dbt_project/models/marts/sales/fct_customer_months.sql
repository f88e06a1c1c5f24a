{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    on_schema_change='append_new_columns',
    unique_key=['merchant_id', 'customer_id', 'activity_month'],
    pre_hook="{{ delete_touched_rows('int_customers_touched', ['customer_id']) }}",
    indexes=[{'columns': ['merchant_id', 'customer_id']}],
) }}

with days as (

    select * from {{ ref('fct_customer_days') }}

),

touched as (

    select * from {{ ref('int_customers_touched') }}

)

select
    days.merchant_id,
    days.customer_id,
    {{ month_of('days.activity_date') }} as activity_month,
    {{ month_of('days.first_purchase_date') }} as acquisition_month,
    cast(sum(days.order_count) as bigint) as order_count,
    count(*) filter (where days.is_purchase_day) as purchase_day_count,
    {{ money('sum(days.gross_amount)') }} as gross_amount,
    {{ money('sum(days.refund_amount)') }} as refund_amount,
    {{ money('sum(days.net_amount)') }} as net_amount,
    {{ money('sum(days.costed_amount)') }} as costed_amount,
    {{ money('sum(days.margin_amount)') }} as margin_amount,
    {{ money('sum(days.uncosted_amount)') }} as uncosted_amount,
    days.currency_code
from {{ rows_of_touched('days', ['customer_id']) }}
group by days.merchant_id, days.customer_id, activity_month, acquisition_month, days.currency_code
