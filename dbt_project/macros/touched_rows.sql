{#-
    Whether a table that can be brought up to date by its touched rows is built whole after all. Only whoever knows that the last build
    ended, and that it was of this very project, may ask for touched rows alone (orchestration/dbt_stages.py); dbt by hand builds whole.
    The memories of earlier nights declare `full_refresh: false`, and nobody builds them whole.
-#}
{% macro should_full_refresh() %}
    {%- set declared = config.get('full_refresh') -%}
    {%- if declared is none -%}
        {%- set declared = flags.FULL_REFRESH or env_var('PERENNIAL_DBT_ROWS', 'all') != 'touched' -%}
    {%- endif -%}
    {%- do return(declared) -%}
{% endmacro %}


{#-
    A relation's rows with a touched key; all of them where the table is built whole. Each touched key is looked up by itself, by an index
    of the relation: a planner that takes the touched for one row, or for all, would join them in ways that take hours. `offset 0` keeps
    it from taking the lookup apart. A unit test has no table of its own.
-#}
{% macro rows_of_touched(relation, keys) -%}
    {%- if this is not none and is_incremental() -%}
        (
            select held.*
            from touched
            cross join lateral (
                select *
                from {{ relation }} as there
                where
                    there.merchant_id = touched.merchant_id
                    {%- for key in keys %}
                        and there.{{ key }} = touched.{{ key }}
                    {%- endfor %}
                offset 0
            ) as held
        ) as {{ relation }}
    {%- else -%}
        {{ relation }}
    {%- endif -%}
{%- endmacro %}


{#-
    Makes room for the touched rows, in the transaction that writes them. dbt would delete what is written again; what is there no more
    has to go as well.
-#}
{% macro delete_touched_rows(touched, keys) %}
    {%- if is_incremental() %}
        delete from {{ this }} as built
        using {{ ref(touched) }} as touched
        where
            touched.touched_by = '{{ invocation_id }}'
            and touched.merchant_id = built.merchant_id
            {%- for key in keys %}
                and touched.{{ key }} = built.{{ key }}
            {%- endfor %}
    {%- endif %}
{% endmacro %}
