{#-
    Who bought in a platform's shop. Accounts are numbered per shop, so the store stands before the number. A guest is known by
    the address alone, however it was typed, and is another person in another store. Null where there is neither.
-#}
{% macro platform_customer_id(store_id, account_id, email) -%}
    case
        when {{ account_id }} is not null then {{ store_id }} || ':' || {{ account_id }}
        when {{ email }} is not null then {{ store_id }} || ':guest:' || md5(lower(trim({{ email }})))
    end
{%- endmacro %}


{#- Whether an address is of a domain that RFC 2606 and RFC 6761 give to nobody: such a person was made up. -#}
{% macro is_generated_email(email) -%}
    coalesce(lower(trim({{ email }})) ~ '[@.](example\.(com|net|org)|example|test|invalid)$', false)
{%- endmacro %}
