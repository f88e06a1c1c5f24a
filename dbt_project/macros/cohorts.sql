{#-
    What a customer's cohort may be told by, and how each reads it from dim_customers. Channels are compared without regard to
    case, as spend's channel is typed by a person. A name serves better than an id, which another store gives to something else.
-#}
{% macro cohort_dimensions() -%}
    {%- set discount -%}
        case
            when customers.has_acquisition_discount then coalesce(customers.acquisition_discount_name, 'discounted')
            when not customers.has_acquisition_discount then 'full_price'
        end
    {%- endset -%}
    {{ return({
        'channel': 'lower(trim(customers.acquisition_channel))',
        'product': 'coalesce(customers.acquisition_product_name, customers.acquisition_product_id)',
        'category': 'customers.acquisition_category_name',
        'discount': discount,
        'country': 'customers.country_code',
    }) }}
{%- endmacro %}


{#- The two columns that make rows of a customer's values as dim_customers has them, one for each dimension. -#}
{% macro cohort_values_as_rows() -%}
    unnest(array['{{ cohort_dimensions() | join("', '") }}']) as dimension_name,
    unnest(array[{{ cohort_dimensions().values() | join(', ') }}]) as original_value
{%- endmacro %}


{#- Every dimension, and all, which is no dimension. -#}
{% macro cohort_dimension_names() -%}
    array['all', '{{ cohort_dimensions() | join("', '") }}']
{%- endmacro %}


{#- The two columns that make rows of a customer's values as cohort_customers has them, and one more for everybody. -#}
{% macro cohort_values_of(relation) -%}
    unnest({{ cohort_dimension_names() }}) as dimension_name,
    unnest(array['all'
        {%- for name in cohort_dimensions() %}, {{ relation }}.{{ name }}_value{% endfor -%}
    ]) as dimension_value
{%- endmacro %}


{#- The first day of a date's week (from Monday), month or quarter; a bare date would be truncated in the session's time zone. -#}
{% macro period_of(grain, date) -%}
    cast(date_trunc({{ grain }}, cast({{ date }} as timestamp)) as date)
{%- endmacro %}


{#- Weeks, months or quarters from one period's first day to another's. -#}
{% macro periods_between(grain, from_date, to_date) -%}
    case
        when {{ grain }} = 'week' then ({{ to_date }} - {{ from_date }}) / 7
        else
            cast(
                12 * (extract(year from {{ to_date }}) - extract(year from {{ from_date }}))
                + extract(month from {{ to_date }}) - extract(month from {{ from_date }})
                as integer
            ) / case when {{ grain }} = 'quarter' then 3 else 1 end
    end
{%- endmacro %}


{#- Weekly cohorts are of the 53 weeks up to the as-of date's: a year, and the week of a year ago to hold this one against. -#}
{% macro first_week_of_cohorts(as_of_date) -%}
    ({{ period_of("'week'", as_of_date) }} - 52 * 7)
{%- endmacro %}


{#- Whether it is known what a customer cost. Without spend it is not known to be nothing: it may be recorded nowhere. -#}
{% macro cost_basis(relation) -%}
    case
        when {{ relation }}.unconverted_spend_count > 0 then 'spend_without_rate'
        when {{ relation }}.spend_amount <= 0 then 'no_spend'
        when {{ relation }}.cohort_customer_count = 0 then 'no_customers'
        else 'known'
    end
{%- endmacro %}
