{#-
    What a line cost. What the merchant declares goes before what the platform noted: the cost of the product in its store, or else of
    the code in any. Null where neither is known for the day, or there is no rate.
-#}
{% macro cost_of_line(lines) -%}
    coalesce(
        {{ amount_in_merchant_currency(
            'coalesce(product_costs.unit_cost_amount, code_costs.unit_cost_amount) * ' ~ lines ~ '.quantity',
            currency_of_declared_cost(),
            lines ~ '.currency_code',
            'cost_rates.exchange_rate'
        ) }},
        {{ amount_in_merchant_currency(
            lines ~ '.unit_cost_amount * ' ~ lines ~ '.quantity',
            lines ~ '.original_currency_code',
            lines ~ '.currency_code',
            'exchange_rates.exchange_rate'
        ) }}
    )
{%- endmacro %}


{% macro joins_of_declared_costs(lines) -%}
    left join costs as product_costs
        on
            {{ lines }}.merchant_id = product_costs.merchant_id
            and {{ lines }}.store_id = product_costs.store_id
            and {{ lines }}.product_id = product_costs.match_id
            and product_costs.match_kind = 'product'
            and {{ lines }}.order_date >= product_costs.valid_from_date
            and {{ lines }}.order_date < product_costs.valid_until_date
    left join costs as code_costs
        on
            {{ lines }}.merchant_id = code_costs.merchant_id
            and {{ lines }}.sku = code_costs.match_id
            and code_costs.match_kind = 'sku'
            and {{ lines }}.order_date >= code_costs.valid_from_date
            and {{ lines }}.order_date < code_costs.valid_until_date
    left join exchange_rates as cost_rates
        on
            {{ lines }}.merchant_id = cost_rates.merchant_id
            and {{ currency_of_declared_cost() }} = cost_rates.original_currency_code
            and {{ lines }}.order_date >= cost_rates.valid_from_date
            and {{ lines }}.order_date < cost_rates.valid_until_date
{%- endmacro %}


{% macro currency_of_declared_cost() -%}
    case
        when product_costs.unit_cost_amount is null then code_costs.original_currency_code
        else product_costs.original_currency_code
    end
{%- endmacro %}
