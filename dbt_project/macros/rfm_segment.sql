{#-
    The named segment of a customer's scores; the first line that fits decides, and the last takes the rest, so that every
    combination has exactly one. Recency and frequency place a customer; spend separates the best of the frequent ones
    (champions, cannot_lose) from the rest, and lifts a big spender of middling recency to where somebody looks.

    What counts as recent, frequent and big is the merchant's to say: `limits` is the relation that has the least scores for it
    as columns. 3 is middling, unless the merchant says that it is more.
-#}
{% macro rfm_segment(recency_score, frequency_score, monetary_score, limits) -%}
    {%- set is_recent = recency_score ~ ' >= ' ~ limits ~ '.rfm_recent_score' -%}
    {%- set is_frequent = frequency_score ~ ' >= ' ~ limits ~ '.rfm_frequent_score' -%}
    {%- set is_big = monetary_score ~ ' >= ' ~ limits ~ '.rfm_big_score' -%}
    case
        when {{ is_recent }} and {{ is_frequent }} and {{ is_big }} then 'champions'
        when ({{ is_recent }} or {{ recency_score }} >= 3) and {{ is_frequent }} then 'loyal'
        when {{ recency_score }} <= 2 and {{ is_frequent }} and {{ is_big }} then 'cannot_lose'
        when {{ recency_score }} <= 2 and ({{ is_frequent }} or {{ frequency_score }} >= 3) then 'at_risk'
        when {{ is_recent }} and {{ frequency_score }} >= 2 then 'potential_loyalist'
        when {{ recency_score }} = 5 then 'new'
        when {{ recency_score }} = 4 then 'promising'
        when {{ recency_score }} = 3 and ({{ frequency_score }} >= 2 or {{ is_big }}) then 'need_attention'
        when {{ recency_score }} = 3 then 'about_to_sleep'
        when {{ recency_score }} = 2 then 'hibernating'
        else 'lost'
    end
{%- endmacro %}


{#-
    What a day weighs beside the as-of date: half of it for every half-life that has passed since. Rounded before anything is
    added up, so that sums do not depend on the order of rows and equal customers stay equal to the last digit.
-#}
{% macro time_weight(day, merchants) -%}
    cast(
        power(
            cast(0.5 as double precision),
            cast({{ merchants }}.as_of_date - {{ day }} as double precision) / {{ merchants }}.rfm_half_life_days
        ) as numeric(18, 9)
    )
{%- endmacro %}
