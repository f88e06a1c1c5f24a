{#- A part of a whole, as every table holds it; null where there is no whole. -#}
{% macro rate(part, whole) -%}
    cast(cast({{ part }} as numeric) / nullif({{ whole }}, 0) as numeric(18, 6))
{%- endmacro %}
