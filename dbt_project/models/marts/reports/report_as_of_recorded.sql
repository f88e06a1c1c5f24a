{{ config(
    tags=['after_ml'],
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['merchant_id', 'as_of_date'],
    on_schema_change='append_new_columns',
    full_refresh=false,
    indexes=[{'columns': ['merchant_id', 'as_of_date']}],
    post_hook="{{ delete_departed_merchants() }}",
) }}

-- Of what was published, so that a night that was withheld leaves no trace. What is recorded of earlier nights exists
-- nowhere else, which is why `--full-refresh` leaves this table alone.
with published as (

    select * from {{ ref('customer_360') }}

),

nights as (

    select
        merchant_id,
        as_of_date,
        count(*) filter (where order_count > 0) as customer_count,
        cast(sum(order_count) as bigint) as order_count,
        {{ money('sum(gross_amount)') }} as gross_amount,
        {{ money('sum(refund_amount)') }} as refund_amount,
        {{ money('sum(net_amount)') }} as net_amount,
        {{ money('sum(clv_amount)') }} as clv_amount,
        currency_code
    from published
    group by merchant_id, as_of_date, currency_code

)

-- Whoever runs an earlier night again knows what came later, and what was known then is not that.
select nights.*
from nights
{%- if is_incremental() %}
    where
        not exists (
            select 1
            from {{ this }} as recorded
            where
                recorded.merchant_id = nights.merchant_id
                and recorded.as_of_date > nights.as_of_date
        )
{%- endif %}
