{#-
    A night that runs again says anew what it said before, so that what it says no more is gone too. States of earlier days stay as
    they were recorded. Runs in the transaction that records the new ones.
-#}
{% macro forget_states_of_today() %}
    {%- if is_incremental() %}
        delete from {{ this }} as recorded
        where exists (
            select 1
            from {{ ref('stg_ops__merchants') }} as merchants
            where
                merchants.merchant_id = recorded.merchant_id
                and merchants.as_of_date = recorded.valid_from_date
        )
    {%- endif %}
{% endmacro %}
