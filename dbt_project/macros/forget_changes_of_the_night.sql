{#-
    A night that runs again says anew what it said before, so that what it says no more is gone too; but only while it is the
    newest, for the changes of later nights stand on it. Runs in the transaction that records the new ones.

    relation: a table with the merchant_id and as_of_date of the nights.
    day: the column of the day on which a row was recorded.
-#}
{% macro forget_changes_of_the_night(relation, day) %}
    {%- if is_incremental() %}
        delete from {{ this }} as recorded
        where {{ is_of_the_newest_night('select distinct merchant_id, as_of_date from ' ~ relation, day, day) }}
    {%- endif %}
{% endmacro %}
