with refunds as (

    select * from {{ ref('stg_files__refunds') }}

)

select
    merchant_id,
    store_id,
    refund_id,
    order_id,
    customer_id,
    refunded_at,
    cast(null as text) as excluded_reason,
    original_currency_code,
    original_amount as lines_amount,
    {{ no_money() }} as shipping_amount,
    {{ no_money() }} as tax_amount,
    {{ no_money() }} as included_tax_amount,
    {{ no_money() }} as tip_amount,
    {{ no_money() }} as duty_amount,
    {{ no_money() }} as fee_amount,
    {{ no_money() }} as wrapping_amount,
    {{ no_money() }} as adjustment_amount,
    original_amount as total_amount,
    {{ no_money() }} as rounding_tolerance_amount,
    {{ no_money() }} as gift_card_sale_amount,
    cast(null as numeric(18, 4)) as paid_back_amount,
    {{ no_money() }} as unpaid_amount,
    'files' as source_name
from refunds
