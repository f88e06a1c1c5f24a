-- Which products are bought together?
-- Pairs within one order. Lift above 1: the two meet more often than by chance.
with

baskets as (
    select distinct
        merchant_id,
        store_id,
        order_id,
        coalesce(product_id, sku) as product
    from marts.fct_order_lines
    where
        merchant_id = 'my_brand'
        and coalesce(product_id, sku) is not null
),

sizes as (
    select
        merchant_id,
        product,
        count(*) as order_count
    from baskets
    group by merchant_id, product
),

totals as (
    select
        merchant_id,
        count(distinct store_id || ':' || order_id) as order_count
    from baskets
    group by merchant_id
),

pairs as (
    select
        one.merchant_id,
        one.product,
        other.product as other_product,
        count(*) as order_count
    from baskets as one
    inner join baskets as other
        on
            one.merchant_id = other.merchant_id
            and one.store_id = other.store_id
            and one.order_id = other.order_id
            and one.product < other.product
    group by one.merchant_id, one.product, other.product
)

select
    pairs.product,
    pairs.other_product,
    pairs.order_count,
    round(cast(pairs.order_count as numeric) * totals.order_count / (one.order_count * other.order_count), 2) as lift
from pairs
inner join totals
    on pairs.merchant_id = totals.merchant_id
inner join sizes as one
    on
        pairs.merchant_id = one.merchant_id
        and pairs.product = one.product
inner join sizes as other
    on
        pairs.merchant_id = other.merchant_id
        and pairs.other_product = other.product
order by pairs.order_count desc, pairs.product asc, pairs.other_product asc
limit 20
