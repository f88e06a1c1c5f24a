{#- Where there is a value it lies within the bounds, both included; either bound may be left out. -#}
{% test between(model, column_name, at_least=none, at_most=none) %}

    select
        merchant_id,
        min({{ column_name }}) as lowest_value,
        max({{ column_name }}) as highest_value,
        count(*) as failing_row_count
    from {{ model }}
    where
        false
        {%- if at_least is not none %}
            or {{ column_name }} < {{ at_least }}
        {%- endif %}
        {%- if at_most is not none %}
            or {{ column_name }} > {{ at_most }}
        {%- endif %}
    group by merchant_id

{% endtest %}


{#- A rate, share or probability: where there is one, it lies in 0 to 1. NaN, which sorts above every number, fails. -#}
{% test is_rate(model, column_name) %}
    {{ test_between(model, column_name, at_least=0, at_most=1) }}
{% endtest %}
