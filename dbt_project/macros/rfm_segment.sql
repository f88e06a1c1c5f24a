{#-
    The named segment of a customer's scores; the first line that fits decides, and the last takes the rest, so that every
    combination has exactly one. Recency and frequency place a customer; spend separates the best of the frequent ones
    (champions, cannot_lose) from the rest, and lifts a big spender of middling recency to where somebody looks.
-#}
{% macro rfm_segment(recency_score, frequency_score, monetary_score) -%}
    case
        when {{ recency_score }} >= 4 and {{ frequency_score }} >= 4 and {{ monetary_score }} >= 4 then 'champions'
        when {{ recency_score }} >= 3 and {{ frequency_score }} >= 4 then 'loyal'
        when {{ recency_score }} <= 2 and {{ frequency_score }} >= 4 and {{ monetary_score }} >= 4 then 'cannot_lose'
        when {{ recency_score }} <= 2 and {{ frequency_score }} >= 3 then 'at_risk'
        when {{ recency_score }} >= 4 and {{ frequency_score }} >= 2 then 'potential_loyalist'
        when {{ recency_score }} = 5 then 'new'
        when {{ recency_score }} = 4 then 'promising'
        when {{ recency_score }} = 3 and ({{ frequency_score }} >= 2 or {{ monetary_score }} >= 4) then 'need_attention'
        when {{ recency_score }} = 3 then 'about_to_sleep'
        when {{ recency_score }} = 2 then 'hibernating'
        else 'lost'
    end
{%- endmacro %}
