with customers as (

    select * from {{ ref('int_customers_summarized') }}

),

buyers as (

    select * from customers
    where purchase_day_count > 0

),

-- How many of the merchant's buyers are strictly worse. Equal customers have equal counts, so no quintile splits a tie.
ranked as (

    select
        *,
        count(*) over (partition by merchant_id) as buyer_count,
        rank() over (partition by merchant_id order by last_purchase_date) - 1 as less_recent_count,
        rank() over (partition by merchant_id order by purchase_day_count) - 1 as less_frequent_count,
        rank() over (partition by merchant_id order by net_amount) - 1 as less_spending_count
    from buyers

)

select
    merchant_id,
    customer_id,
    last_purchase_date,
    purchase_day_count,
    net_amount,
    currency_code,
    cast(1 + 5 * less_recent_count / buyer_count as integer) as recency_score,
    cast(1 + 5 * less_frequent_count / buyer_count as integer) as frequency_score,
    cast(1 + 5 * less_spending_count / buyer_count as integer) as monetary_score
from ranked
