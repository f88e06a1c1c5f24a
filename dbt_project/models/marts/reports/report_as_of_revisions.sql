{{ config(tags=['after_ml'], indexes=[{'columns': ['merchant_id', 'as_of_date']}]) }}

with recorded as (

    select * from {{ ref('report_as_of_recorded') }}

),

known as (

    select * from {{ ref('report_as_of') }}

)

select
    recorded.merchant_id,
    recorded.as_of_date,
    recorded.customer_count as recorded_customer_count,
    known.customer_count,
    recorded.order_count as recorded_order_count,
    known.order_count,
    recorded.gross_amount as recorded_gross_amount,
    known.gross_amount,
    recorded.refund_amount as recorded_refund_amount,
    known.refund_amount,
    recorded.net_amount as recorded_net_amount,
    known.net_amount,
    {{ money('known.net_amount - recorded.net_amount') }} as revision_amount,
    recorded.clv_amount as recorded_clv_amount,
    recorded.currency_code as recorded_currency_code,
    known.currency_code
from recorded
inner join known
    on
        recorded.merchant_id = known.merchant_id
        and recorded.as_of_date = known.as_of_date
