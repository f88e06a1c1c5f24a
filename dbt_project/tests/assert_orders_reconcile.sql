{{ config(meta={
    'dagster': {'ref': {'name': 'int_orders_reconciled'}},
    'advice': 'order {order_id} of store {store_id}: its terms add up to {computed_amount} {original_currency_code}, the ' ~
        'platform says {total_amount}; dbt_checks.assert_orders_reconcile lists every such order with its terms'
}) }}

-- What lines, discounts, tax, shipping and the rest come to is the platform's own total, to the cent: else something of
-- the order was not read, or was read wrongly. Orders that are no sales are left alone.
with orders as (

    select * from {{ ref('int_orders_reconciled') }}

)

select
    merchant_id,
    store_id,
    order_id,
    source_name,
    original_currency_code,
    lines_amount,
    discount_amount,
    shipping_amount,
    tax_amount,
    tip_amount,
    duty_amount,
    fee_amount,
    wrapping_amount,
    rounding_amount,
    computed_amount,
    total_amount,
    difference_amount
from orders
where
    excluded_reason is null
    and difference_amount is distinct from 0
