{#-
    The orders whose facts would be otherwise, each with the difference between its digest and the one that the facts were last built from.
    A digest is that of the order as it counts, taken together with those of its lines by exclusive or: with the earlier digest among
    them, nothing is left of what did not change. One pass over all of it, and no join. Which order an exchange rate, a cost or a
    declaration may have changed is told by the term: all of a merchant that declares something else, those of a rate's days, those
    that hold the product or the code.
-#}
{% macro changed_orders() -%}
digests as (

    select
        orders.merchant_id,
        orders.store_id,
        orders.order_id,
        hash_record_extended(row(orders.*), 1) as digest
    from orders

    union all

    select
        lines.merchant_id,
        lines.store_id,
        lines.order_id,
        hash_record_extended(row(lines.*), 0) as digest
    from lines

    {%- if is_incremental() %}

        union all

        select
            merchant_id,
            store_id,
            order_id,
            order_digest as digest
        from earlier_orders

    {%- endif %}

),

differences as (

    select
        merchant_id,
        store_id,
        order_id,
        bit_xor(digest) as difference
    from digests
    group by merchant_id, store_id, order_id
    having bit_xor(digest) <> 0

    {%- if is_incremental() %}

        union all

        select
            orders.merchant_id,
            orders.store_id,
            orders.order_id,
            0 as difference
        from orders
        inner join terms
            on
                orders.merchant_id = terms.merchant_id
                and orders.order_date >= terms.valid_from_date
                and orders.order_date < terms.valid_until_date
                and terms.term_kind in ('declaration', 'exchange_rate')

        union all

        select
            lines.merchant_id,
            lines.store_id,
            lines.order_id,
            0 as difference
        from lines
        inner join terms
            on
                lines.merchant_id = terms.merchant_id
                and lines.store_id = terms.store_id
                and lines.product_id = terms.match_id
                and terms.term_kind = 'product'

        union all

        select
            lines.merchant_id,
            lines.store_id,
            lines.order_id,
            0 as difference
        from lines
        inner join terms
            on
                lines.merchant_id = terms.merchant_id
                and lines.sku = terms.match_id
                and terms.term_kind = 'sku'

    {%- endif %}

),

changed as (

    select
        merchant_id,
        store_id,
        order_id,
        bit_xor(difference) as difference
    from differences
    group by merchant_id, store_id, order_id

)
{%- endmacro %}
