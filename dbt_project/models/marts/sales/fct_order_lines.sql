{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    on_schema_change='append_new_columns',
    unique_key=['merchant_id', 'store_id', 'order_id', 'line_id'],
    pre_hook="{{ delete_touched_rows('int_orders_touched', ['store_id', 'order_id']) }}",
    indexes=[{'columns': ['merchant_id', 'store_id', 'order_id']}, {'columns': ['merchant_id', 'customer_id']}],
) }}

with lines as (

    select * from {{ ref('int_order_lines_unioned') }}

),

orders as (

    select * from {{ ref('fct_orders') }}

),

costs as (

    select * from {{ ref('int_product_costs_ranged') }}

),

exchange_rates as (

    select * from {{ ref('int_exchange_rates_ranged') }}

),

touched as (

    select * from {{ ref('int_orders_touched') }}
    where touched_by = '{{ invocation_id }}'

),

-- A tip is the order's, and no goods.
ordered as (

    select
        lines.*,
        orders.customer_id,
        orders.order_date,
        orders.is_first_order,
        orders.currency_code
    from {{ rows_of_touched('lines', ['store_id', 'order_id']) }}
    inner join orders
        on
            lines.merchant_id = orders.merchant_id
            and lines.store_id = orders.store_id
            and lines.order_id = orders.order_id
    where not lines.is_tip

),

converted as (

    select
        ordered.*,
        {%- for term in ['line', 'discount', 'included_tax'] %}
            {{ amount_in_merchant_currency(
                'ordered.' ~ term ~ '_amount', 'ordered.original_currency_code', 'ordered.currency_code',
                'exchange_rates.exchange_rate'
            ) }} as own_{{ term }}_amount,
        {%- endfor %}
        {{ cost_of_line('ordered') }} as own_cost_amount
    from ordered
    left join exchange_rates
        on
            ordered.merchant_id = exchange_rates.merchant_id
            and ordered.original_currency_code = exchange_rates.original_currency_code
            and ordered.order_date >= exchange_rates.valid_from_date
            and ordered.order_date < exchange_rates.valid_until_date
    {{ joins_of_declared_costs('ordered') }}

),

-- A gift card that is sold is owed: it is revenue when it is spent.
valued as (

    select
        *,
        case when is_gift_card then 0 else own_line_amount - own_discount_amount - own_included_tax_amount end
            as sales_amount,
        case when not is_gift_card then own_cost_amount end as goods_cost_amount
    from converted

)

select
    merchant_id,
    store_id,
    order_id,
    line_id,
    customer_id,
    order_date,
    is_first_order,
    product_id,
    variant_id,
    sku,
    product_name,
    is_gift_card,
    quantity,
    own_line_amount as gross_amount,
    own_discount_amount as discount_amount,
    own_included_tax_amount as included_tax_amount,
    {{ money('sales_amount') }} as net_amount,
    goods_cost_amount as cost_amount,
    {{ money('sales_amount - goods_cost_amount') }} as margin_amount,
    currency_code,
    line_amount as original_gross_amount,
    original_currency_code,
    source_name
from valued
