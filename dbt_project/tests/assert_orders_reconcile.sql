{{ config(meta={
    'dagster': {'ref': {'name': 'int_orders_reconciled'}},
    'advice': 'order {order_id} of store {store_id} (one of {mismatch_count}): its terms add up to {computed_amount} ' ~
        '{original_currency_code}, the platform says {total_amount}; dbt_checks.assert_orders_reconcile lists every such ' ~
        'order with its terms. Where a plugin or a person set the total, which is what counts as revenue, accept it: name ' ~
        'the order under reconciliation.accepted_order_ids of store {store_id} of {merchant_id} in perennial.yml, or, ' ~
        'where there are many, say under reconciliation.tolerance_amount how much they may be off'
}) }}

-- What lines, discounts, tax, shipping and the rest come to is the platform's own total, to the cent: else something of
-- the order was not read, or was read wrongly. Orders that are no sales are left alone, and so is what perennial.yml
-- accepts: plugins, and people, set totals of their own.
with orders as (

    select * from {{ ref('int_orders_reconciled') }}

),

stores as (

    select * from {{ ref('stg_ops__stores') }}

)

select
    orders.merchant_id,
    orders.store_id,
    orders.order_id,
    orders.source_name,
    orders.original_currency_code,
    orders.lines_amount,
    orders.discount_amount,
    orders.shipping_amount,
    orders.tax_amount,
    orders.tip_amount,
    orders.duty_amount,
    orders.fee_amount,
    orders.wrapping_amount,
    orders.rounding_amount,
    orders.computed_amount,
    orders.total_amount,
    orders.difference_amount,
    count(*) over (partition by orders.merchant_id) as mismatch_count
from orders
left join stores
    on
        orders.merchant_id = stores.merchant_id
        and orders.store_id = stores.store_id
where
    orders.excluded_reason is null
    and orders.difference_amount is distinct from 0
    and not coalesce(
        abs(orders.difference_amount) <= stores.accepted_difference_amount
        or orders.order_id = any(stores.accepted_order_ids),
        false
    )
