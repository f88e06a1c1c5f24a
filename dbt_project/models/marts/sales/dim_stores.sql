{{ config(materialized='view') }}

with shops as (

    select * from {{ ref('int_stores_unioned') }}

),

eligibility as (

    select * from {{ ref('order_eligibility') }}

),

-- A store that is read from files says nothing of itself, and is known by its orders.
traded as (

    select
        merchant_id,
        store_id,
        min(source_name) as source_name,
        sum(order_count) filter (where is_counted) as order_count,
        min(first_order_date) filter (where is_counted) as first_order_date,
        max(last_order_date) filter (where is_counted) as last_order_date
    from eligibility
    group by merchant_id, store_id

)

select
    coalesce(shops.merchant_id, traded.merchant_id) as merchant_id,
    coalesce(shops.store_id, traded.store_id) as store_id,
    coalesce(shops.source_name, traded.source_name) as source_name,
    coalesce(shops.shop_name, shops.store_id, traded.store_id) as store_name,
    shops.original_currency_code,
    shops.time_zone,
    cast(coalesce(traded.order_count, 0) as bigint) as order_count,
    traded.first_order_date,
    traded.last_order_date
from shops
full join traded
    on
        shops.merchant_id = traded.merchant_id
        and shops.store_id = traded.store_id
