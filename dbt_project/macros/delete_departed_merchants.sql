{#-
    What replacing merchant by merchant cannot do: take away the published rows of a merchant that is no longer declared, or
    that has no customer left. A withheld merchant keeps its rows. Runs in the transaction that replaces the others.
-#}
{% macro delete_departed_merchants() %}
    delete from {{ this }} as published
    where not exists (
        select 1
        from {{ ref('stg_ops__merchants') }} as merchants
        where
            merchants.merchant_id = published.merchant_id
            and (
                merchants.is_withheld
                or exists (
                    select 1
                    from {{ ref('dim_customers') }} as customers
                    where customers.merchant_id = merchants.merchant_id
                )
            )
    )
{% endmacro %}
