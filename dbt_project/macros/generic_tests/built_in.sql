{#-
    dbt's own generic tests, with one difference: every failing row says whose it is. Orchestration reads the merchant_id of the
    rows that a test stored and withholds those merchants' publish, and nobody else's.
-#}
{% macro default__test_not_null(model, column_name) %}

    select
        merchant_id,
        count(*) as failing_row_count
    from {{ model }}
    where {{ column_name }} is null
    group by merchant_id

{% endmacro %}


{#- Unique within a merchant: two merchants may both have a customer 17. -#}
{% macro default__test_unique(model, column_name) %}

    select
        merchant_id,
        {{ column_name }} as repeated_value,
        count(*) as row_count
    from {{ model }}
    where {{ column_name }} is not null
    group by merchant_id, {{ column_name }}
    having count(*) > 1

{% endmacro %}


{% macro default__test_accepted_values(model, column_name, values, quote=True) %}

    select
        merchant_id,
        {{ column_name }} as unexpected_value,
        count(*) as row_count
    from {{ model }}
    where
        {{ column_name }} not in (
            {%- for value in values -%}
                {{ "'" ~ value ~ "'" if quote else value }}{{ ", " if not loop.last }}
            {%- endfor -%}
        )
    group by merchant_id, {{ column_name }}

{% endmacro %}


{% macro default__test_relationships(model, column_name, to, field) %}

    select
        child.merchant_id,
        child.{{ column_name }} as missing_value,
        count(*) as row_count
    from {{ model }} as child
    left join {{ to }} as parent
        on
            child.merchant_id = parent.merchant_id
            and child.{{ column_name }} = parent.{{ field }}
    where
        child.{{ column_name }} is not null
        and parent.{{ field }} is null
    group by child.merchant_id, child.{{ column_name }}

{% endmacro %}
