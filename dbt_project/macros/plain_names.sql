{#-
A name as people read it. WordPress keeps the names of categories and sites, and of products whose editor may not write
HTML, as HTML writes them: `Home &amp; Garden`. The ampersand comes last: `&amp;lt;` says `&lt;`, and not `<`.
-#}
{% macro plain_name(name) -%}
    replace(replace(replace(replace(replace({{ name }}, '&lt;', '<'), '&gt;', '>'), '&quot;', '"'), '&#039;', ''''), '&amp;', '&')
{%- endmacro %}
