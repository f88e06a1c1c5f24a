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
