{#- An amount as every table holds it. A sum is wider than what it adds up. -#}
{% macro money(expression) -%}
    cast({{ expression }} as numeric(18, 4))
{%- endmacro %}


{#- A term that the source does not have. -#}
{% macro no_money() -%}
    cast(0 as numeric(18, 4))
{%- endmacro %}


{#-
    The most that rounding may explain: half a minor unit for each amount that was rounded on its own. What is left over beyond
    it was not lost in rounding.
-#}
{% macro rounding_tolerance(rounded_count, decimal_places) -%}
    cast(0.5 * ({{ rounded_count }}) * power(cast(10 as numeric), -({{ decimal_places }})) as numeric(18, 4))
{%- endmacro %}


{#- What rounding can have caused of the difference between a total and its terms; more than that is a mismatch and stays one. -#}
{% macro rounding_of_terms() -%}
    case
        when abs(total_amount - terms_amount) <= rounding_tolerance_amount then total_amount - terms_amount
        else 0
    end
{%- endmacro %}


{#- What of a total is revenue, of orders and of refunds alike: gift cards are when they are spent, tips and duties are others'. -#}
{% macro revenue_of_total() -%}
    {{ money('total_amount - gift_card_sale_amount - tip_amount - duty_amount') }}
{%- endmacro %}
