{{ config(indexes=[{'columns': ['merchant_id', 'store_id', 'revenue_date']}]) }}

{%- set terms = [
    'lines_amount', 'discount_amount', 'shipping_amount', 'tax_amount', 'tip_amount', 'duty_amount', 'fee_amount',
    'wrapping_amount', 'rounding_amount', 'difference_amount', 'total_amount', 'gift_card_sale_amount',
] %}

with orders as (

    select * from {{ ref('int_orders_unified') }}

),

order_terms as (

    select * from {{ ref('int_orders_reconciled') }}

),

refunds as (

    select * from {{ ref('int_refunds_unified') }}

),

refund_terms as (

    select * from {{ ref('int_refunds_reconciled') }}

),

order_days as (

    select
        orders.merchant_id,
        orders.store_id,
        orders.order_date as revenue_date,
        orders.original_currency_code,
        orders.currency_code,
        count(*) as order_count,
        {%- for term in terms %}
            sum(order_terms.{{ term }}) as {{ term }},
        {%- endfor %}
        sum(orders.amount) as amount
    from orders
    inner join order_terms
        on
            orders.merchant_id = order_terms.merchant_id
            and orders.store_id = order_terms.store_id
            and orders.order_id = order_terms.order_id
    where orders.is_eligible
    group by
        orders.merchant_id,
        orders.store_id,
        orders.order_date,
        orders.original_currency_code,
        orders.currency_code

),

refund_days as (

    select
        refunds.merchant_id,
        refunds.store_id,
        refunds.refund_date as revenue_date,
        refunds.original_currency_code,
        refunds.currency_code,
        count(*) as refund_count,
        sum(refund_terms.total_amount) as refund_total_amount,
        sum(refunds.amount) as refund_amount
    from refunds
    inner join refund_terms
        on
            refunds.merchant_id = refund_terms.merchant_id
            and refunds.store_id = refund_terms.store_id
            and refunds.refund_id = refund_terms.refund_id
    where refunds.is_eligible
    group by
        refunds.merchant_id,
        refunds.store_id,
        refunds.refund_date,
        refunds.original_currency_code,
        refunds.currency_code

)

select
    coalesce(order_days.merchant_id, refund_days.merchant_id) as merchant_id,
    coalesce(order_days.store_id, refund_days.store_id) as store_id,
    coalesce(order_days.revenue_date, refund_days.revenue_date) as revenue_date,
    coalesce(order_days.original_currency_code, refund_days.original_currency_code) as original_currency_code,
    coalesce(order_days.order_count, 0) as order_count,
    {%- for term in terms %}
        {{ money('coalesce(order_days.' ~ term ~ ', 0)') }} as {{ term }},
    {%- endfor %}
    coalesce(refund_days.refund_count, 0) as refund_count,
    {{ money('coalesce(refund_days.refund_total_amount, 0)') }} as refund_total_amount,
    {{ money('coalesce(order_days.total_amount, 0) - coalesce(refund_days.refund_total_amount, 0)') }}
        as net_total_amount,
    {{ money('coalesce(order_days.amount, 0)') }} as amount,
    {{ money('coalesce(refund_days.refund_amount, 0)') }} as refund_amount,
    {{ money('coalesce(order_days.amount, 0) - coalesce(refund_days.refund_amount, 0)') }} as net_amount,
    coalesce(order_days.currency_code, refund_days.currency_code) as currency_code
from order_days
full join refund_days
    on
        order_days.merchant_id = refund_days.merchant_id
        and order_days.store_id = refund_days.store_id
        and order_days.revenue_date = refund_days.revenue_date
        and order_days.original_currency_code = refund_days.original_currency_code
