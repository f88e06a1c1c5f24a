{#-
    Every order that counts, with a digest of all that its facts are made from beside the terms that it shares with others: itself, who
    bought, its amount in the merchant's currency, its lines. Equal rows have equal digests whatever order they are read in.
-#}
{% macro current_orders_with_digests() -%}
lines_summed as (

    select
        merchant_id,
        store_id,
        order_id,
        bit_xor(hash_record_extended(row(lines.*), 0)) as lines_digest
    from lines
    group by merchant_id, store_id, order_id

),

current_orders as (

    select
        orders.merchant_id,
        orders.store_id,
        orders.order_id,
        orders.customer_id,
        hash_record_extended(row(orders.*, lines_summed.lines_digest), 0) as order_digest
    from orders
    left join lines_summed
        on
            orders.merchant_id = lines_summed.merchant_id
            and orders.store_id = lines_summed.store_id
            and orders.order_id = lines_summed.order_id
    where orders.is_eligible

)
{%- endmacro %}


{#-
    The orders that a touched term may have changed: all of a merchant that declares something else, those of the days of an exchange
    rate, and those that hold a product or a code of which the cost changed, on the days of it.
-#}
{% macro orders_of_touched_terms() -%}
orders_of_terms as (

    {% if is_incremental() -%}
    select
        orders.merchant_id,
        orders.store_id,
        orders.order_id
    from orders
    inner join terms
        on
            orders.merchant_id = terms.merchant_id
            and orders.order_date >= terms.valid_from_date
            and orders.order_date < terms.valid_until_date
            and terms.term_kind in ('declaration', 'exchange_rate')

    union

    select
        lines.merchant_id,
        lines.store_id,
        lines.order_id
    from lines
    inner join terms
        on
            lines.merchant_id = terms.merchant_id
            and lines.store_id = terms.store_id
            and lines.product_id = terms.match_id
            and terms.term_kind = 'product'

    union

    select
        lines.merchant_id,
        lines.store_id,
        lines.order_id
    from lines
    inner join terms
        on
            lines.merchant_id = terms.merchant_id
            and lines.sku = terms.match_id
            and terms.term_kind = 'sku'
    {%- else -%}
    select
        merchant_id,
        store_id,
        order_id
    from orders
    where false
    {%- endif %}

)
{%- endmacro %}
