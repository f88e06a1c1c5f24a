{#- No two rows of a merchant share these columns. -#}
{% test unique_combination(model, columns) %}

    select
        merchant_id,
        {{ columns | join(', ') }},
        count(*) as row_count
    from {{ model }}
    group by merchant_id, {{ columns | join(', ') }}
    having count(*) > 1

{% endtest %}
