{#- The expression holds on every row. An expression that is null on a row fails it: state what may be absent. -#}
{% test expression_is_true(model, expression) %}

    select
        merchant_id,
        count(*) as failing_row_count
    from {{ model }}
    where ({{ expression }}) is not true
    group by merchant_id

{% endtest %}
