{{ config(indexes=[{'columns': ['merchant_id', 'customer_id']}]) }}

with days as (

    select * from {{ ref('fct_customer_days') }}

)

select
    merchant_id,
    customer_id,
    {{ month_of('activity_date') }} as activity_month,
    {{ month_of('first_purchase_date') }} as acquisition_month,
    cast(sum(order_count) as bigint) as order_count,
    count(*) filter (where is_purchase_day) as purchase_day_count,
    {{ money('sum(gross_amount)') }} as gross_amount,
    {{ money('sum(refund_amount)') }} as refund_amount,
    {{ money('sum(net_amount)') }} as net_amount,
    {{ money('sum(costed_amount)') }} as costed_amount,
    {{ money('sum(margin_amount)') }} as margin_amount,
    {{ money('sum(uncosted_amount)') }} as uncosted_amount,
    currency_code
from days
group by merchant_id, customer_id, {{ month_of('activity_date') }}, {{ month_of('first_purchase_date') }}, currency_code
