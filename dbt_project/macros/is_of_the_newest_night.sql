{#-
    Whether a row of what earlier nights recorded is of the night that runs again, and that night is the merchant's newest.

    The newest day is looked up once per merchant: held against every row, a night of many rows would take hours.

    nights: a query for merchant_id and as_of_date of the nights that are published.
    changed: the day that a row was last changed on, an expression over the table's columns.
    day: the column that has to be the night's.
-#}
{% macro is_of_the_newest_night(nights, changed, day) -%}
    exists (
        select 1
        from ({{ nights }}) as nights
        inner join (
            select
                merchant_id,
                max({{ changed }}) as changed_date
            from {{ this }}
            group by merchant_id
        ) as newest
            on nights.merchant_id = newest.merchant_id
        where
            nights.merchant_id = recorded.merchant_id
            and nights.as_of_date = recorded.{{ day }}
            and nights.as_of_date = newest.changed_date
    )
{%- endmacro %}
