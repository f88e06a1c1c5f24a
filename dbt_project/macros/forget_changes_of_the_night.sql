{#-
    A night that runs again says anew what it said before, so that what it says no more is gone too; but only while it is the
    newest, for the changes of later nights stand on it. Runs in the transaction that records the new ones.
-#}
{% macro forget_changes_of_the_night() %}
    {%- if is_incremental() %}
        delete from {{ this }} as recorded
        where {{ is_of_the_newest_night('select distinct merchant_id, as_of_date from ' ~ ref('customer_360'), 'changed_date', 'changed_date') }}
    {%- endif %}
{% endmacro %}
