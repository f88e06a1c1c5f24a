with fees as (

    select * from {{ ref('stg_bigcommerce__order_fees') }}

)

select
    merchant_id,
    store_id,
    order_id,
    {{ money('sum(fee_ex_tax_amount)') }} as fee_ex_tax_amount,
    {{ money('sum(fee_inc_tax_amount)') }} as fee_inc_tax_amount
from fees
group by merchant_id, store_id, order_id
