{{ config(indexes=[{'columns': ['merchant_id', 'store_id', 'product_id']}]) }}

with sales as (

    select * from {{ ref('product_sales') }}

),

merchants as (

    select * from {{ ref('stg_ops__merchants') }}

),

-- How many of the merchant's products are strictly worse. Equal ones have equal counts, so no quintile splits a tie.
ranked as (

    select
        *,
        count(*) over (partition by merchant_id) as product_count,
        rank() over (partition by merchant_id order by last_sold_date) - 1 as less_recent_count,
        rank() over (partition by merchant_id order by order_count) - 1 as less_frequent_count,
        rank() over (partition by merchant_id order by net_amount) - 1 as less_selling_count
    from sales

)

select
    ranked.merchant_id,
    ranked.store_id,
    ranked.product_id,
    ranked.product_name,
    ranked.category_name,
    merchants.as_of_date,
    ranked.last_sold_date,
    merchants.as_of_date - ranked.last_sold_date as days_since_last_sale,
    ranked.order_count,
    ranked.buyer_count,
    ranked.repeat_buyer_rate,
    ranked.net_amount,
    ranked.currency_code,
    cast(1 + 5 * ranked.less_recent_count / ranked.product_count as integer) as recency_score,
    cast(1 + 5 * ranked.less_frequent_count / ranked.product_count as integer) as frequency_score,
    cast(1 + 5 * ranked.less_selling_count / ranked.product_count as integer) as monetary_score
from ranked
inner join merchants
    on ranked.merchant_id = merchants.merchant_id
