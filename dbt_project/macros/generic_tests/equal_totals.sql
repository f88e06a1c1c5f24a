{#-
    An accounting identity: for every merchant, the total here is the total there. Both are expressions over one table's rows;
    a merchant that one side lacks altogether counts there as 0.
-#}
{% test equal_totals(model, total, to, to_total, where="true", to_where="true") %}

    with here as (

        select
            merchant_id,
            {{ total }} as total
        from {{ model }}
        where {{ where }}
        group by merchant_id

    ),

    there as (

        select
            merchant_id,
            {{ to_total }} as total
        from {{ to }}
        where {{ to_where }}
        group by merchant_id

    )

    select
        coalesce(here.merchant_id, there.merchant_id) as merchant_id,
        coalesce(here.total, 0) as total,
        coalesce(there.total, 0) as expected_total
    from here
    full join there
        on here.merchant_id = there.merchant_id
    where coalesce(here.total, 0) <> coalesce(there.total, 0)

{% endtest %}
