{#- Within a merchant, these columns tell every row apart, and none of them is missing. -#}
{% test primary_key(model, columns) %}

    select
        merchant_id,
        {{ columns | join(', ') }},
        count(*) as row_count
    from {{ model }}
    group by merchant_id, {{ columns | join(', ') }}
    having
        count(*) > 1
        or merchant_id is null
        {%- for column in columns %}
            or {{ column }} is null
        {%- endfor %}

{% endtest %}
