{#-
    Tell the planner what a table holds, in the transaction that fills it. A table without statistics is taken for a handful of rows,
    and what is read next joins it row by row: a view over platforms' refunds then took minutes instead of milliseconds, until the
    server's autovacuum came by. A view has no statistics of its own.
-#}
{% macro statistics_of(relation) -%}
    {%- if model.config.materialized != 'view' -%}
        analyze {{ relation }}
    {%- endif -%}
{%- endmacro %}
