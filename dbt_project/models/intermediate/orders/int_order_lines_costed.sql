{{ config(materialized='view') }}

with lines as (

    select * from {{ ref('int_order_lines_unioned') }}

),

orders as (

    select * from {{ ref('int_orders_unified') }}

),

costs as (

    select * from {{ ref('int_product_costs_ranged') }}

),

exchange_rates as (

    select * from {{ ref('int_exchange_rates_ranged') }}

),

matched as (

    select
        lines.merchant_id,
        lines.store_id,
        lines.order_id,
        lines.line_id,
        lines.quantity,
        orders.order_date,
        orders.currency_code,
        coalesce(product_costs.unit_cost_amount, code_costs.unit_cost_amount) as unit_cost_amount,
        case
            when product_costs.unit_cost_amount is null then code_costs.original_currency_code
            else product_costs.original_currency_code
        end as original_currency_code
    from lines
    inner join orders
        on
            lines.merchant_id = orders.merchant_id
            and lines.store_id = orders.store_id
            and lines.order_id = orders.order_id
    left join costs as product_costs
        on
            lines.merchant_id = product_costs.merchant_id
            and lines.store_id = product_costs.store_id
            and lines.product_id = product_costs.match_id
            and product_costs.match_kind = 'product'
            and orders.order_date >= product_costs.valid_from_date
            and orders.order_date < product_costs.valid_until_date
    left join costs as code_costs
        on
            lines.merchant_id = code_costs.merchant_id
            and lines.sku = code_costs.match_id
            and code_costs.match_kind = 'sku'
            and orders.order_date >= code_costs.valid_from_date
            and orders.order_date < code_costs.valid_until_date
    where orders.is_eligible

)

select
    matched.merchant_id,
    matched.store_id,
    matched.order_id,
    matched.line_id,
    {{ amount_in_merchant_currency(
        'matched.unit_cost_amount * matched.quantity',
        'matched.original_currency_code',
        'matched.currency_code',
        'exchange_rates.exchange_rate'
    ) }} as cost_amount,
    matched.currency_code
from matched
left join exchange_rates
    on
        matched.merchant_id = exchange_rates.merchant_id
        and matched.original_currency_code = exchange_rates.original_currency_code
        and matched.order_date >= exchange_rates.valid_from_date
        and matched.order_date < exchange_rates.valid_until_date
where matched.unit_cost_amount is not null
