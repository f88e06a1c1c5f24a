{{ config(indexes=[{'columns': ['merchant_id', 'store_id', 'product_id']}]) }}

{#- What keeps the pairs few: they are of the products that sell most, and of no order that has too many of those. -#}
{%- set most_products = 200 -%}
{%- set most_products_in_basket = 25 -%}
{%- set least_orders = 2 -%}

with lines as (

    select * from {{ ref('fct_order_lines') }}

),

sales as (

    select * from {{ ref('product_sales') }}

),

ranked as (

    select
        *,
        row_number() over (partition by merchant_id, store_id order by order_count desc, product_id asc) as sales_rank
    from sales

),

-- One product in two lines of an order is in it once.
bought as (

    select distinct
        lines.merchant_id,
        lines.store_id,
        lines.order_id,
        lines.product_id,
        ranked.order_count
    from lines
    inner join ranked
        on
            lines.merchant_id = ranked.merchant_id
            and lines.store_id = ranked.store_id
            and lines.product_id = ranked.product_id
    where ranked.sales_rank <= {{ most_products }}

),

sized as (

    select
        *,
        count(*) over (partition by merchant_id, store_id, order_id) as basket_product_count
    from bought

),

baskets as (

    select * from sized
    where basket_product_count between 2 and {{ most_products_in_basket }}

),

stores as (

    select
        merchant_id,
        store_id,
        count(distinct order_id) as basket_count
    from lines
    where product_id is not null and not is_gift_card
    group by merchant_id, store_id

),

pairs as (

    select
        one.merchant_id,
        one.store_id,
        one.product_id,
        other.product_id as other_product_id,
        max(one.order_count) as order_count,
        max(other.order_count) as other_order_count,
        count(*) as pair_order_count
    from baskets as one
    inner join baskets as other
        on
            one.merchant_id = other.merchant_id
            and one.store_id = other.store_id
            and one.order_id = other.order_id
            and one.product_id <> other.product_id
    group by one.merchant_id, one.store_id, one.product_id, other.product_id
    having count(*) >= {{ least_orders }}

)

select
    pairs.merchant_id,
    pairs.store_id,
    pairs.product_id,
    pairs.other_product_id,
    stores.basket_count,
    pairs.order_count,
    pairs.other_order_count,
    pairs.pair_order_count,
    {{ rate('pairs.pair_order_count', 'stores.basket_count') }} as support_rate,
    {{ rate('pairs.pair_order_count', 'pairs.order_count') }} as confidence_rate,
    {{ rate('pairs.pair_order_count * stores.basket_count', 'pairs.order_count * pairs.other_order_count') }}
        as pair_lift
from pairs
inner join stores
    on
        pairs.merchant_id = stores.merchant_id
        and pairs.store_id = stores.store_id
