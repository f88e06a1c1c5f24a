{#- Names of mailboxes that an office shares, and of those that nobody reads. -#}
{% macro role_names() -%}
    {{ return([
        'abuse', 'accounting', 'accounts', 'admin', 'administrator', 'anfrage', 'bestellung', 'billing', 'booking', 'bookings',
        'buchhaltung', 'buero', 'careers', 'commande', 'commandes', 'compras', 'compta', 'contact', 'contacto', 'customercare',
        'customerservice', 'donotreply', 'einkauf', 'enquiries', 'enquiry', 'events', 'facturacion', 'finance', 'hello', 'help',
        'helpdesk', 'hostmaster', 'hr', 'info', 'inquiries', 'invoice', 'invoices', 'it', 'jobs', 'kontakt', 'legal', 'mail',
        'mailerdaemon', 'marketing', 'media', 'newsletter', 'noreply', 'office', 'order', 'orders', 'payments', 'post',
        'postmaster', 'press', 'privacy', 'procurement', 'purchasing', 'rechnung', 'reception', 'returns', 'root', 'sales',
        'security', 'service', 'shop', 'store', 'support', 'team', 'vendite', 'ventas', 'verkauf', 'verwaltung', 'webmaster',
    ]) }}
{%- endmacro %}


{#- Domains by which a marketplace hides its buyers' addresses; what is below them counts too. -#}
{% macro relay_domains() -%}
    {{ return([
        'allegromail.pl', 'relay.walmart.com', 'scs.tiktokw.us', 'members.ebay.com', 'members.ebay.de', 'members.ebay.co.uk',
        'members.ebay.fr', 'members.ebay.it', 'members.ebay.es', 'members.ebay.com.au', 'members.ebay.ca',
        'marketplace.amazon.com', 'marketplace.amazon.co.uk', 'marketplace.amazon.de', 'marketplace.amazon.fr',
        'marketplace.amazon.it', 'marketplace.amazon.es', 'marketplace.amazon.ca', 'marketplace.amazon.co.jp',
        'marketplace.amazon.com.au', 'marketplace.amazon.com.mx', 'marketplace.amazon.com.br', 'marketplace.amazon.nl',
        'marketplace.amazon.se', 'marketplace.amazon.pl', 'marketplace.amazon.com.be', 'marketplace.amazon.com.tr',
        'marketplace.amazon.in', 'marketplace.amazon.ae', 'marketplace.amazon.sg',
    ]) }}
{%- endmacro %}


{#- A list of texts as an array of PostgreSQL's. -#}
{% macro text_array(texts) -%}
    cast(array['{{ texts | join("', '") }}'] as text[])
{%- endmacro %}


{#-
    An address as identity compares it: without blanks around it and in small letters; null where it is none. Only where the
    merchant says so are the dots and what follows a plus ignored, and only at the one provider that ignores them itself.
-#}
{% macro normalized_email(email, folds_gmail) -%}
    case
        when trim({{ email }}) !~ '^[^@[:space:]]+@[^@[:space:]]+\.[^@[:space:]]+$' then null
        when {{ folds_gmail }} and lower(trim({{ email }})) ~ '@(gmail|googlemail)\.com$'
            then replace(split_part(split_part(lower(trim({{ email }})), '@', 1), '+', 1), '.', '') || '@gmail.com'
        else lower(trim({{ email }}))
    end
{%- endmacro %}


{#-
    Why an address, normalised before, says nothing about who writes from it; null where it does. Role names are compared
    without dots, dashes and what follows a plus.
-#}
{% macro email_left_out_reason(email, more_role_names, more_relay_domains) -%}
    case
        when {{ is_generated_email(email) }} then 'generated_address'
        when
            split_part({{ email }}, '@', 1) ~ '^(n[./_-]?a|none|null|no[._-]?(e?mail|name)|nomail|unknown|fake|asdf+|qwerty|x{2,}|a{3,})$'
            or split_part({{ email }}, '@', 2) ~ '^(none|no-?e?mail|na|fake|unknown|xxx|asdf+|nowhere)\.[a-z]+$'
            or {{ email }} ~ '^(test|a|aa|x|abc)@(test|a|aa|x|abc)\.[a-z]+$'
            then 'placeholder'
        when
            regexp_replace(split_part(split_part({{ email }}, '@', 1), '+', 1), '[._-]', '', 'g')
            = any({{ text_array(role_names()) }} || string_to_array({{ more_role_names }}, ' '))
            or {{ email }} = any(string_to_array({{ more_role_names }}, ' '))
            then 'role_address'
        when
            split_part({{ email }}, '@', 2) ~ (
                '(^|[.])('
                || replace(
                    array_to_string({{ text_array(relay_domains()) }} || string_to_array({{ more_relay_domains }}, ' '), '|'), '.', '[.]'
                )
                || ')$'
            )
            then 'relay_domain'
    end
{%- endmacro %}


{#- The SHA-256 of a text in hexadecimal, as advertising and marketing tools take it. -#}
{% macro sha256_of(text) -%}
    encode(sha256(convert_to({{ text }}, 'UTF8')), 'hex')
{%- endmacro %}
