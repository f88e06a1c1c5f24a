{#-
    How many decimal places a currency is paid in (ISO 4217, table A.1, "minor unit"). A macro and not a table: it is a constant
    of the standard, belongs to no merchant, and a join to it would be one without a merchant_id.
-#}
{% macro currency_minor_units(currency_code) -%}
    case
        when {{ currency_code }} in (
            'BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW',
            'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF'
        ) then 0
        when {{ currency_code }} in ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') then 3
        when {{ currency_code }} in ('CLF', 'UYW') then 4
        else 2
    end
{%- endmacro %}


{#-
    An amount in the merchant's currency. Converted amounts are rounded to what can be paid in that currency, order by order, so
    that every total is the sum of amounts a person can look up; an amount that needs no conversion is left as it was paid.
    Null when there is no rate.
-#}
{% macro amount_in_merchant_currency(amount, original_currency_code, currency_code, rate) -%}
    cast(
        case
            when {{ original_currency_code }} = {{ currency_code }} then {{ amount }}
            else round({{ amount }} * {{ rate }}, {{ currency_minor_units(currency_code) }})
        end as numeric(18, 4)
    )
{%- endmacro %}
