{#-
    Rules that each row keeps by itself, many columns to a test: a test is a query, a table of failures and an asset check, and a
    project with one for every column spends more time on those than on its tables. The failing rows name the column.
-#}
{#- None of the columns is ever null. -#}
{% test filled(model, columns) %}
    {%- set conditions = {} -%}
    {%- for column in columns -%}
        {%- do conditions.update({column: column ~ " is null"}) -%}
    {%- endfor -%}
    {{ rows_that_break(model, conditions) }}
{% endtest %}


{#-
    Where there is a value it lies within its column's bounds, both included; either bound may be left out. NaN, which sorts above
    every number, breaks an upper bound.
-#}
{% test within(model, bounds) %}
    {%- set conditions = {} -%}
    {%- for column, bound in bounds.items() -%}
        {%- set broken = [] -%}
        {%- if "at_least" in bound -%}{%- do broken.append(column ~ " < " ~ bound["at_least"]) -%}{%- endif -%}
        {%- if "at_most" in bound -%}{%- do broken.append(column ~ " > " ~ bound["at_most"]) -%}{%- endif -%}
        {%- do conditions.update({column: broken | join(" or ")}) -%}
    {%- endfor -%}
    {{ rows_that_break(model, conditions) }}
{% endtest %}


{% macro rows_that_break(model, conditions) %}

    with broken as (

        select
            merchant_id,
            unnest(array_remove(array[
                {%- for column, condition in conditions.items() %}
                    case when {{ condition }} then '{{ column }}' end{{ "," if not loop.last }}
                {%- endfor %}
            ], null)) as column_name
        from {{ model }}

    )

    select
        merchant_id,
        column_name,
        count(*) as failing_row_count
    from broken
    group by merchant_id, column_name

{% endmacro %}
