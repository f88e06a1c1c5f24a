{#-
    Which customer_id each component of `records` has, as CTEs that end with component_ids. An id is the record's that it was
    first made for. Of several parts that an id's records are in now, one keeps it: the part that holds that record, else the
    one with most of them. Of several ids that come together the oldest stays, but never that of an account which its platform
    merged away. A component without an id takes its oldest record's.
-#}
{% macro customer_ids_of_components() -%}
claims as (

    select
        merchant_id,
        component_id,
        earlier_customer_id as customer_id,
        bool_or(record_id = earlier_customer_id) as has_anchor,
        bool_or(record_id = earlier_customer_id and is_merged_away) as is_merged_away,
        count(*) as record_count,
        min(since_date) as since_date,
        min(first_seen_at) as first_seen_at
    from records
    where
        is_present
        and earlier_customer_id is not null
    group by merchant_id, component_id, earlier_customer_id

),

kept as (

    select distinct on (merchant_id, customer_id) *
    from claims
    order by
        merchant_id asc,
        customer_id asc,
        has_anchor desc,
        record_count desc,
        first_seen_at asc nulls last,
        component_id asc

),

stayed as (

    select distinct on (merchant_id, component_id)
        merchant_id,
        component_id,
        customer_id
    from kept
    order by
        merchant_id asc,
        component_id asc,
        is_merged_away asc,
        since_date asc,
        record_count desc,
        first_seen_at asc nulls last,
        customer_id asc

),

oldest as (

    select distinct on (merchant_id, component_id)
        merchant_id,
        component_id,
        record_id as customer_id
    from records
    where is_present
    order by
        merchant_id asc,
        component_id asc,
        is_merged_away asc,
        first_seen_at asc nulls last,
        record_id asc

),

component_ids as (

    select
        oldest.merchant_id,
        oldest.component_id,
        coalesce(stayed.customer_id, oldest.customer_id) as customer_id
    from oldest
    left join stayed
        on
            oldest.merchant_id = stayed.merchant_id
            and oldest.component_id = stayed.component_id

)
{%- endmacro %}
