{#- A list of texts below a key of a JSON object, with a blank between them; the default where the key or the object is not there. -#}
{% macro texts_of(object, key, default) -%}
    case
        when {{ object }} ? '{{ key }}' then array_to_string(array(select jsonb_array_elements_text({{ object }} -> '{{ key }}')), ' ')
        else '{{ default | join(' ') }}'
    end
{%- endmacro %}
