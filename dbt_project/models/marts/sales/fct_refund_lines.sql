{{ config(indexes=[
    {'columns': ['merchant_id', 'store_id', 'refund_id']},
    {'columns': ['merchant_id', 'customer_id']},
]) }}

with parts as (

    select * from {{ ref('int_refund_lines_valued') }}

),

refunds as (

    select * from {{ ref('fct_refunds') }}

),

order_lines as (

    select * from {{ ref('fct_order_lines') }}

),

-- What a refund's parts do not explain is a part of its own, so that the parts of every refund add up to it.
rests as (

    select
        merchant_id,
        store_id,
        refund_id,
        'rest' as refund_line_id,
        'rest' as line_kind,
        cast(null as text) as order_id,
        cast(null as text) as line_id,
        cast(null as numeric(18, 4)) as quantity,
        max(refund_amount) - sum(amount) as amount,
        max(refund_net_amount) - sum(net_amount) as net_amount
    from parts
    group by merchant_id, store_id, refund_id

),

all_parts as (

    select
        merchant_id,
        store_id,
        refund_id,
        refund_line_id,
        line_kind,
        order_id,
        line_id,
        quantity,
        amount,
        net_amount
    from parts
    where line_kind <> 'rest'

    union all

    select * from rests
    where
        amount <> 0
        or net_amount <> 0

)

-- Goods that came back can be sold again: what they cost is the merchant's again.
select
    all_parts.merchant_id,
    all_parts.store_id,
    all_parts.refund_id,
    all_parts.refund_line_id,
    refunds.order_id,
    all_parts.line_id,
    refunds.customer_id,
    refunds.refund_date,
    refunds.is_attributed,
    all_parts.line_kind,
    order_lines.product_id,
    order_lines.variant_id,
    all_parts.quantity,
    {{ money('all_parts.amount') }} as amount,
    {{ money('all_parts.net_amount') }} as net_amount,
    {{ money('order_lines.cost_amount * coalesce(all_parts.quantity, 0) / nullif(order_lines.quantity, 0)') }}
        as cost_amount,
    {{ money(
        'all_parts.net_amount '
        ~ '- order_lines.cost_amount * coalesce(all_parts.quantity, 0) / nullif(order_lines.quantity, 0)'
    ) }} as margin_amount,
    refunds.currency_code
from all_parts
inner join refunds
    on
        all_parts.merchant_id = refunds.merchant_id
        and all_parts.store_id = refunds.store_id
        and all_parts.refund_id = refunds.refund_id
left join order_lines
    on
        all_parts.merchant_id = order_lines.merchant_id
        and all_parts.store_id = order_lines.store_id
        and all_parts.order_id = order_lines.order_id
        and all_parts.line_id = order_lines.line_id
