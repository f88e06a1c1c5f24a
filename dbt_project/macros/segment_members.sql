{#-
    Who meets the criteria of which segment tonight, by the queries that the compiler left in ops.segment_queries: a text that nobody
    else writes, with every value in it quoted by the compiler. The tables that it may read are named here, so that they are built
    before it. A project that is only parsed, or an empty database, has no queries.
-#}
{% macro segment_members() %}
    {%- do ref('customer_360') -%}
    {%- do ref('dim_customers') -%}
    {%- do ref('fct_orders') -%}
    {%- do ref('fct_order_lines') -%}
    {%- do ref('fct_refunds') -%}
    {%- do ref('dim_products') -%}
    {%- do ref('int_product_categories_unioned') -%}
    {%- do ref('int_product_category_links_unioned') -%}
    {%- set kept = ref('stg_ops__segment_queries') -%}
    {%- set of_tonight -%}
        select queries.query_text
        from {{ kept }} as queries
        inner join ({{ segment_nights() }}) as nights
            on
                queries.merchant_id = nights.merchant_id
                and queries.as_of_date = nights.as_of_date
        where queries.query_text is not null
        order by queries.merchant_id, queries.query_number
    {%- endset -%}
    {%- if execute and load_relation(kept) is not none and load_relation(ref('customer_360')) is not none -%}
        {%- for query_text in run_query(of_tonight).columns[0].values() %}
            {{ query_text }}
            union all
        {%- endfor -%}
    {%- endif %}
    select
        cast(null as text) as merchant_id,
        cast(null as text) as customer_id,
        cast(null as text) as segment_name
    where false
{% endmacro %}


{#-
    The merchants that are published of the day that their segments were compiled for, with that day and its end. Nobody enters or
    leaves a segment of any other merchant.
-#}
{% macro segment_nights() %}
    select
        merchants.merchant_id,
        merchants.as_of_date,
        cast(merchants.as_of_date + 1 as timestamp) at time zone merchants.time_zone as ends_at
    from {{ ref('stg_ops__merchants') }} as merchants
    where
        not merchants.is_withheld
        and exists (
            select 1
            from {{ ref('stg_ops__segment_queries') }} as queries
            where
                queries.merchant_id = merchants.merchant_id
                and queries.as_of_date = merchants.as_of_date
        )
        and exists (
            select 1
            from {{ ref('customer_360') }} as published
            where
                published.merchant_id = merchants.merchant_id
                and published.as_of_date = merchants.as_of_date
        )
{% endmacro %}


{#-
    A night that runs again says anew what it said before, so that what it says no more is gone too; but only while it is the newest,
    for the changes of later nights stand on it. Both run in the transaction that records the new stays.
-#}
{% macro forget_stays_of_the_night() %}
    {%- if is_incremental() %}
        delete from {{ this }} as recorded
        where {{ is_of_the_newest_night(segment_nights(), 'greatest(entered_date, left_date)', 'entered_date') }}
    {%- endif %}
{% endmacro %}


{% macro reopen_stays_of_the_night() %}
    {%- if is_incremental() %}
        update {{ this }} as recorded
        set
            left_date = null,
            left_at = null,
            is_current = true
        where {{ is_of_the_newest_night(segment_nights(), 'greatest(entered_date, left_date)', 'left_date') }}
    {%- endif %}
{% endmacro %}
