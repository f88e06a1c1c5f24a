{#-
    A table is built from the whole of what it stands on. Below a few views the planner no longer knows how much that is, guesses one row,
    and goes through all of the one side for every row of the other: minutes, where matching by hash takes a second. So
    nested loops are for joins that have no equality to match by. Nor does it merge: for what it takes for twenty rows it sorts by the first
    columns alone and tries every pair within them, which of a merchant's hundred thousand records is every pair there is. What is matched
    and added up by hash has room for it in memory, unless the server gives more anyway: on disk a million orders take twice as long.
    Holds for the model's own transaction; a view joins nothing yet.
-#}
{% macro joins_of_whole_tables() -%}
    {%- if model.config.materialized != 'view' -%}
        set local enable_nestloop = off;
        set local enable_mergejoin = off;
        select set_config('work_mem', greatest(pg_size_bytes(current_setting('work_mem')), {{ 64 * 1024 * 1024 }}) / 1024 || 'kB', true)
    {%- endif -%}
{%- endmacro %}
