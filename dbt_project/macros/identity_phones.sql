{#-
    How telephone numbers are written within a country: the calling code, what is dialled before a number inside the country
    and left out from abroad, and how many digits a number has without it (ITU E.164 and the national numbering plans).
-#}
{% macro dialling_rules() -%}
    {%- set rules = {
        'AE': ['971', '0', 8, 9], 'AR': ['54', '0', 10, 11], 'AT': ['43', '0', 7, 12], 'AU': ['61', '0', 9, 9],
        'BD': ['880', '0', 8, 10], 'BE': ['32', '0', 8, 9], 'BG': ['359', '0', 8, 9], 'BR': ['55', '0', 10, 11],
        'CA': ['1', '1', 10, 10], 'CH': ['41', '0', 9, 9], 'CL': ['56', '', 9, 9], 'CN': ['86', '0', 10, 11],
        'CO': ['57', '', 10, 10], 'CY': ['357', '', 8, 8], 'CZ': ['420', '', 9, 9], 'DE': ['49', '0', 7, 11],
        'DK': ['45', '', 8, 8], 'DO': ['1', '1', 10, 10], 'EE': ['372', '', 7, 8], 'EG': ['20', '0', 8, 10],
        'ES': ['34', '', 9, 9], 'FI': ['358', '0', 6, 10], 'FR': ['33', '0', 9, 9], 'GB': ['44', '0', 9, 10],
        'GR': ['30', '', 10, 10], 'HK': ['852', '', 8, 8], 'HR': ['385', '0', 8, 9], 'HU': ['36', '06', 8, 9],
        'ID': ['62', '0', 8, 12], 'IE': ['353', '0', 7, 9], 'IL': ['972', '0', 8, 9], 'IN': ['91', '0', 10, 10],
        'IS': ['354', '', 7, 7], 'IT': ['39', '', 8, 11], 'JM': ['1', '1', 10, 10], 'JP': ['81', '0', 9, 10],
        'KE': ['254', '0', 9, 9], 'KR': ['82', '0', 8, 10], 'KZ': ['7', '8', 10, 10], 'LK': ['94', '0', 9, 9],
        'LT': ['370', '0', 8, 8], 'LU': ['352', '', 6, 9], 'LV': ['371', '', 8, 8], 'MA': ['212', '0', 9, 9],
        'MT': ['356', '', 8, 8], 'MX': ['52', '01', 10, 10], 'MY': ['60', '0', 8, 10], 'NG': ['234', '0', 8, 10],
        'NL': ['31', '0', 9, 9], 'NO': ['47', '', 8, 8], 'NZ': ['64', '0', 8, 10], 'PE': ['51', '0', 8, 9],
        'PH': ['63', '0', 8, 10], 'PK': ['92', '0', 9, 10], 'PL': ['48', '', 9, 9], 'PR': ['1', '1', 10, 10],
        'PT': ['351', '', 9, 9], 'RO': ['40', '0', 9, 9], 'RS': ['381', '0', 8, 9], 'RU': ['7', '8', 10, 10],
        'SA': ['966', '0', 8, 9], 'SE': ['46', '0', 7, 9], 'SG': ['65', '', 8, 8], 'SI': ['386', '0', 8, 8],
        'SK': ['421', '0', 9, 9], 'TH': ['66', '0', 8, 9], 'TR': ['90', '0', 10, 10], 'TW': ['886', '0', 8, 9],
        'UA': ['380', '0', 9, 9], 'US': ['1', '1', 10, 10], 'VN': ['84', '0', 9, 10], 'ZA': ['27', '0', 9, 9],
    } -%}
    cast('{{ tojson(rules) }}' as jsonb)
{%- endmacro %}


{#-
    A telephone number in E.164, such as +493012345678; null where it cannot be told. A number that names its country is taken
    at its word; any other is read by the country given, and is none where its length is not one that the country has.
-#}
{% macro phone_e164(phone, country_code) -%}
    (
        select
            case
                when parts.international like '1%' and length(parts.international) <> 11 then null
                when parts.international ~ '^[1-9][0-9]{7,14}$' then '+' || parts.international
                when
                    parts.international is null
                    and length(parts.national) between cast(parts.rule ->> 2 as integer) and cast(parts.rule ->> 3 as integer)
                    then '+' || (parts.rule ->> 0) || parts.national
            end
        from (
            select
                dialled.rule,
                case
                    when dialled.digits like '+%' then substr(dialled.digits, 2)
                    when dialled.digits like '00%' then substr(dialled.digits, 3)
                end as international,
                case
                    when dialled.rule ->> 1 <> '' and starts_with(dialled.digits, dialled.rule ->> 1)
                        then substr(dialled.digits, length(dialled.rule ->> 1) + 1)
                    else dialled.digits
                end as national
            from (
                select
                    -- What follows a mark of an extension is no part of the number; +49 (0)30 holds a digit that is not dialled.
                    regexp_replace(
                        replace(regexp_replace(lower({{ phone }}), '(ext|x|#|;).*$', ''), '(0)', ''), '[^0-9+]', '', 'g'
                    ) as digits,
                    {{ dialling_rules() }} -> {{ country_code }} as rule
            ) as dialled
        ) as parts
    )
{%- endmacro %}


{#- Whether a number in E.164 stands for none: one digit over and over, digits in a row, or kept free for examples. -#}
{% macro is_placeholder_phone(phone) -%}
    coalesce(
        {{ phone }} ~ '([0-9])\1{6,}$'
        or {{ phone }} ~ '(1234567|12345678|123456789|1234567890|0123456789|9876543210)$'
        or {{ phone }} ~ '^\+1[2-9][0-9]{2}55501[0-9]{2}$',
        false
    )
{%- endmacro %}
