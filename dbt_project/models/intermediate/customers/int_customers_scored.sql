with customers as (

    select * from {{ ref('int_customers_summarized') }}

),

purchase_days as (

    select * from {{ ref('int_purchase_days_aggregated') }}

),

refunds as (

    select * from {{ ref('int_refunds_attributed') }}

),

merchants as (

    select * from {{ ref('stg_ops__merchants') }}

),

-- A refund weighs what the purchase weighs that it takes back, so that an order which came back whole is worth nothing.
movements as (

    select
        merchant_id,
        customer_id,
        purchase_date,
        1 as purchase_day_count,
        amount
    from purchase_days

    union all

    select
        merchant_id,
        customer_id,
        purchase_date,
        0 as purchase_day_count,
        -amount as amount
    from refunds
    where purchase_date is not null

),

weighed as (

    select
        movements.merchant_id,
        movements.customer_id,
        movements.purchase_day_count,
        movements.amount,
        {{ time_weight('movements.purchase_date', 'merchants') }} as day_weight
    from movements
    inner join merchants
        on movements.merchant_id = merchants.merchant_id

),

weights as (

    select
        merchant_id,
        customer_id,
        sum(day_weight * purchase_day_count) as purchase_weight,
        sum(cast(amount * day_weight as numeric(18, 4))) as weighted_net_amount
    from weighed
    group by merchant_id, customer_id

),

buyers as (

    select
        customers.*,
        weights.purchase_weight,
        weights.weighted_net_amount
    from customers
    inner join weights
        on
            customers.merchant_id = weights.merchant_id
            and customers.customer_id = weights.customer_id
    where customers.purchase_day_count > 0

),

-- How many of the merchant's buyers are strictly worse. Equal customers have equal counts, so no quintile splits a tie.
ranked as (

    select
        *,
        count(*) over (partition by merchant_id) as buyer_count,
        rank() over (partition by merchant_id order by last_purchase_date) - 1 as less_recent_count,
        rank() over (partition by merchant_id order by purchase_day_count) - 1 as less_frequent_count,
        rank() over (partition by merchant_id order by net_amount) - 1 as less_spending_count,
        rank() over (partition by merchant_id order by purchase_weight) - 1 as less_weighty_count,
        rank() over (partition by merchant_id order by weighted_net_amount) - 1 as less_worth_count
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
    cast(1 + 5 * less_spending_count / buyer_count as integer) as monetary_score,
    cast(purchase_weight as numeric(18, 9)) as purchase_weight,
    cast(weighted_net_amount as numeric(18, 4)) as weighted_net_amount,
    cast(1 + 5 * less_weighty_count / buyer_count as integer) as weighted_frequency_score,
    cast(1 + 5 * less_worth_count / buyer_count as integer) as weighted_monetary_score
from ranked
