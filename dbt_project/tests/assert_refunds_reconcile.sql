{{ config(meta={
    'dagster': {'ref': {'name': 'int_refunds_reconciled'}},
    'advice': 'refund {refund_id} of order {order_id} of store {store_id}: its parts add up to {computed_amount} ' ~
        '{original_currency_code}, the platform says {total_amount}, and {paid_back_amount} was paid back; ' ~
        'dbt_checks.assert_refunds_reconcile lists every such refund with its terms'
}) }}

-- What a refund's parts come to is the platform's own figure, and so is what was paid back, where the platform says.
with refunds as (

    select * from {{ ref('int_refunds_reconciled') }}

)

select
    merchant_id,
    store_id,
    order_id,
    refund_id,
    source_name,
    original_currency_code,
    lines_amount,
    shipping_amount,
    tax_amount,
    tip_amount,
    duty_amount,
    fee_amount,
    wrapping_amount,
    adjustment_amount,
    rounding_amount,
    computed_amount,
    total_amount,
    paid_back_amount,
    unpaid_amount,
    difference_amount
from refunds
where
    excluded_reason is null
    and (
        difference_amount is distinct from 0
        or coalesce(paid_back_amount, total_amount) + unpaid_amount <> total_amount
    )
