{#- The first day of a date's month. A bare date would be truncated as a timestamptz, in the session's time zone. -#}
{% macro month_of(date) -%}
    cast(date_trunc('month', cast({{ date }} as timestamp)) as date)
{%- endmacro %}
