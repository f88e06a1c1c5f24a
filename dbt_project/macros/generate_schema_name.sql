{#- A model's schema is the one it is configured with, everywhere: readers, grants and asset keys rely on the name. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}
