{{ config(meta={
    'dagster': {'ref': {'name': 'int_refunds_reconciled'}},
    'advice': 'refund {refund_id} of order {order_id} of store {store_id} (one of {mismatch_count}): its parts add up to ' ~
        '{computed_amount} {original_currency_code}, the platform says {total_amount}, and {paid_back_amount} was paid ' ~
        'back; dbt_checks.assert_refunds_reconcile lists every such refund with its terms. Where a plugin or a person set ' ~
        'the total, accept it: name the order under reconciliation.accepted_order_ids of store {store_id} of ' ~
        '{merchant_id} in perennial.yml, or, where there are many, say under reconciliation.tolerance_amount how much ' ~
        'they may be off'
}) }}

-- What a refund's parts come to is the platform's own figure, and so is what was paid back, where the platform says.
-- What perennial.yml accepts is left alone.
with refunds as (

    select * from {{ ref('int_refunds_reconciled') }}

),

stores as (

    select * from {{ ref('stg_ops__stores') }}

)

select
    refunds.merchant_id,
    refunds.store_id,
    refunds.order_id,
    refunds.refund_id,
    refunds.source_name,
    refunds.original_currency_code,
    refunds.lines_amount,
    refunds.shipping_amount,
    refunds.tax_amount,
    refunds.tip_amount,
    refunds.duty_amount,
    refunds.fee_amount,
    refunds.wrapping_amount,
    refunds.adjustment_amount,
    refunds.rounding_amount,
    refunds.computed_amount,
    refunds.total_amount,
    refunds.paid_back_amount,
    refunds.unpaid_amount,
    refunds.difference_amount,
    count(*) over (partition by refunds.merchant_id) as mismatch_count
from refunds
left join stores
    on
        refunds.merchant_id = stores.merchant_id
        and refunds.store_id = stores.store_id
where
    refunds.excluded_reason is null
    and (
        refunds.difference_amount is distinct from 0
        or coalesce(refunds.paid_back_amount, refunds.total_amount) + refunds.unpaid_amount <> refunds.total_amount
    )
    and not coalesce(
        greatest(
            abs(refunds.difference_amount),
            abs(coalesce(refunds.paid_back_amount, refunds.total_amount) + refunds.unpaid_amount - refunds.total_amount)
        ) <= stores.accepted_difference_amount
        or refunds.order_id = any(stores.accepted_order_ids),
        false
    )
