{#-
    How a merchant with few repeats is placed. Each of three quantiles of its own times between purchase days counts with the
    share of 100 such times that it has; the rest of the weight lies on what 44,021 times of CDNOW's 23,570 customers show
    (docs/lifecycle.md). A few repeats say little of an upper quantile, and a young shop has not seen its long ones yet.
-#}
{% macro lifecycle_threshold(own_days, own_share, usual_days) -%}
    cast(round({{ own_share }} * coalesce({{ own_days }}, 0) + (1 - {{ own_share }}) * {{ usual_days }}) as integer)
{%- endmacro %}


{#-
    The stage of a buyer; the first line that fits decides, and the last takes the rest, so that everybody has exactly one.
    Silence decides before history does. A spell is the purchase days since the customer last came back from a lapse.
-#}
{% macro lifecycle_stage(days_since, spell_day_count, has_returned, thresholds) -%}
    case
        when {{ days_since }} > {{ thresholds }}.lapsed_after_days then 'lapsed'
        when {{ days_since }} > {{ thresholds }}.at_risk_after_days then 'at_risk'
        when {{ days_since }} > {{ thresholds }}.cooling_after_days then 'cooling'
        when {{ spell_day_count }} >= 3 then 'loyal'
        when {{ spell_day_count }} = 2 then 'active'
        when {{ has_returned }} then 'returned'
        else 'new'
    end
{%- endmacro %}
