{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    on_schema_change='append_new_columns',
    unique_key=['merchant_id', 'store_id', 'order_id'],
    pre_hook="set local work_mem = '128MB'; set local enable_sort = off",
) }}

-- What the facts of orders were last built from, as digests, and which of them the invocation found to be otherwise. An
-- order that counts no more stays, with the digest of what is left of it. Millions are added up in memory, not sorted.
with orders as not materialized (

    select * from {{ ref('int_orders_unified') }}
    where is_eligible

),

lines as not materialized (

    select * from {{ ref('int_order_lines_unioned') }}

),

terms as (

    select * from {{ ref('int_order_terms_touched') }}
    where touched_by = '{{ invocation_id }}'

),

earlier_orders as not materialized (

    {% if is_incremental() %}
        select * from {{ this }}
    {% else %}
        select
            merchant_id,
            store_id,
            order_id,
            customer_id,
            cast(null as bigint) as order_digest
        from orders
        where false
    {% endif %}

),

{{ changed_orders() }},

known as (

    select
        changed.merchant_id,
        changed.store_id,
        changed.order_id,
        orders.customer_id,
        earlier_orders.customer_id as earlier_customer_id,
        int8xor(coalesce(earlier_orders.order_digest, 0), changed.difference) as order_digest
    from changed
    left join orders
        on
            changed.merchant_id = orders.merchant_id
            and changed.store_id = orders.store_id
            and changed.order_id = orders.order_id
    left join earlier_orders
        on
            changed.merchant_id = earlier_orders.merchant_id
            and changed.store_id = earlier_orders.store_id
            and changed.order_id = earlier_orders.order_id

),

changed_customers as (

    select
        merchant_id,
        customer_id
    from known
    union
    select
        merchant_id,
        earlier_customer_id as customer_id
    from known

),

-- Which of a customer's orders is the first depends on all of them. What did not change is whose it was.
others as (

    select
        earlier_orders.merchant_id,
        earlier_orders.store_id,
        earlier_orders.order_id,
        earlier_orders.customer_id,
        earlier_orders.customer_id as earlier_customer_id,
        earlier_orders.order_digest
    from earlier_orders
    inner join changed_customers
        on
            earlier_orders.merchant_id = changed_customers.merchant_id
            and earlier_orders.customer_id = changed_customers.customer_id
    left join known
        on
            earlier_orders.merchant_id = known.merchant_id
            and earlier_orders.store_id = known.store_id
            and earlier_orders.order_id = known.order_id
    where known.order_id is null

)

select
    *,
    '{{ invocation_id }}' as touched_by
from known
union all
select
    *,
    '{{ invocation_id }}' as touched_by
from others
