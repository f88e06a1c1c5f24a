{#- What is known of the goods of each order, as a CTE: what they brought where their cost is known, their margin, and the rest. -#}
{% macro costs_of_orders() -%}
order_costs as (

    select
        order_lines.merchant_id,
        order_lines.store_id,
        order_lines.order_id,
        sum(order_lines.net_amount) filter (where order_lines.margin_amount is not null) as costed_amount,
        sum(order_lines.margin_amount) as margin_amount,
        sum(abs(order_lines.net_amount)) filter (
            where order_lines.margin_amount is null and not order_lines.is_gift_card
        ) as uncosted_amount
    from {{ rows_of_touched('order_lines', ['customer_id']) }}
    group by order_lines.merchant_id, order_lines.store_id, order_lines.order_id

)
{%- endmacro %}


{#- What a part of a refund gave back of which the cost is not known. Money that went back for no goods has none. -#}
{% macro uncosted_refund(refund_lines) -%}
    case
        when {{ refund_lines }}.margin_amount is null and {{ refund_lines }}.line_kind in ('product', 'order', 'rest')
            then abs({{ refund_lines }}.net_amount)
        else 0
    end
{%- endmacro %}
