{#-
    Numbers of orders on a scale on which their chance is as wide for a small store as for a large one (Anscombe's root), and back.
    Below zero it goes on as above: net revenue may be less than nothing.
-#}
{% macro rooted(value) -%}
    2 * sign({{ value }} + 0.375) * sqrt(abs({{ value }} + 0.375))
{%- endmacro %}


{% macro unrooted(value) -%}
    sign({{ value }}) * power({{ value }} / 2, 2) - 0.375
{%- endmacro %}


{#- A number in a sentence: orders as they are counted, amounts without their cents. -#}
{% macro spoken(value) -%}
    to_char(round(cast({{ value }} as numeric)), 'FM999,999,999,999,990')
{%- endmacro %}


{#- Whether two rows of a merchant are of the same store, measure and number of days. -#}
{% macro is_same_series(one, other) -%}
    {%- for column in ['store_id', 'measure_name', 'window_days'] -%}
        {{ " and " if not loop.first }}{{ one }}.{{ column }} = {{ other }}.{{ column }}
    {%- endfor -%}
{%- endmacro %}


{#- What the days of a store have in common, by the table's name; beside the merchant. -#}
{% macro columns_of_store(name) -%}
    {%- for column in ['store_id', 'as_of_date', 'currency_code', 'order_worth', 'first_date'] -%}
        {{ ", " if not loop.first }}{{ name }}.{{ column }}
    {%- endfor -%}
{%- endmacro %}


{#- The middle of four numbers, none of them null: an outlier among them changes nothing. -#}
{% macro middle_of_four(first, second, third, fourth) -%}
    {%- set four = [first, second, third, fourth] -%}
    ({{ four | join(' + ') }} - greatest({{ four | join(', ') }}) - least({{ four | join(', ') }})) / 2
{%- endmacro %}


{#- How many times the ordinary a day of last year came to, if that was more than chance makes of a day; else once. -#}
{% macro ratio_if_telling(days_ago) -%}
    case when abs(remembered.departure_{{ days_ago }}) > 2 * scaled.scale then remembered.ratio_{{ days_ago }} else 1 end
{%- endmacro %}
