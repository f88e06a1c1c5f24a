{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    on_schema_change='append_new_columns',
    unique_key=['merchant_id', 'store_id', 'order_id'],
    indexes=[{'columns': ['merchant_id', 'store_id', 'order_id']}],
) }}

-- What the facts of orders were last built from, as digests, and which of them the invocation found to be otherwise. An
-- order that counts no more stays as a row without a digest.
with orders as not materialized (

    select * from {{ ref('int_orders_unified') }}

),

lines as not materialized (

    select * from {{ ref('int_order_lines_unioned') }}

),

terms as (

    select * from {{ ref('int_order_terms_touched') }}
    where touched_by = '{{ invocation_id }}'

),

{{ current_orders_with_digests() }},

earlier_orders as (

    {% if is_incremental() %}
        select * from {{ this }}
    {% else %}
        select * from current_orders
        where false
    {% endif %}

),

{{ orders_of_touched_terms() }},

compared as (

    select
        coalesce(current_orders.merchant_id, earlier_orders.merchant_id) as merchant_id,
        coalesce(current_orders.store_id, earlier_orders.store_id) as store_id,
        coalesce(current_orders.order_id, earlier_orders.order_id) as order_id,
        current_orders.customer_id,
        earlier_orders.customer_id as earlier_customer_id,
        current_orders.order_digest,
        (
            orders_of_terms.order_id is not null
            or current_orders.order_digest is distinct from earlier_orders.order_digest
        ) as is_changed
    from current_orders
    full join earlier_orders
        on
            current_orders.merchant_id = earlier_orders.merchant_id
            and current_orders.store_id = earlier_orders.store_id
            and current_orders.order_id = earlier_orders.order_id
    left join orders_of_terms
        on
            current_orders.merchant_id = orders_of_terms.merchant_id
            and current_orders.store_id = orders_of_terms.store_id
            and current_orders.order_id = orders_of_terms.order_id

),

changed_customers as (

    select
        merchant_id,
        customer_id
    from compared
    where is_changed
    union
    select
        merchant_id,
        earlier_customer_id as customer_id
    from compared
    where is_changed

)

-- Which of a customer's orders is the first depends on all of them.
select
    compared.merchant_id,
    compared.store_id,
    compared.order_id,
    compared.customer_id,
    compared.earlier_customer_id,
    compared.order_digest,
    '{{ invocation_id }}' as touched_by
from compared
left join changed_customers
    on
        compared.merchant_id = changed_customers.merchant_id
        and compared.customer_id = changed_customers.customer_id
where
    compared.is_changed
    or changed_customers.customer_id is not null
