{#-
    A night that runs again says anew what it said before, so that what it says no more is gone too; but only while it is the
    newest, for the changes of later nights stand on it. Runs in the transaction that records the new ones.
-#}
{% macro forget_changes_of_the_night() %}
    {%- if is_incremental() %}
        delete from {{ this }} as recorded
        where
            exists (
                select 1
                from {{ ref('customer_360') }} as published
                where
                    published.merchant_id = recorded.merchant_id
                    and published.as_of_date = recorded.changed_date
            )
            and not exists (
                select 1
                from {{ this }} as later
                where
                    later.merchant_id = recorded.merchant_id
                    and later.changed_date > recorded.changed_date
            )
    {%- endif %}
{% endmacro %}
