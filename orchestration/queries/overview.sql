-- One row per merchant: what the summary's first lines say.
select
    customers.merchant_id,
    merchants.merchant_name,
    merchants.as_of_date,
    merchants.currency_code,
    count(*) as customer_count,
    sum(customers.order_count) as order_count,
    min(customers.first_order_date) as first_order_date,
    max(customers.last_order_date) as last_order_date,
    sum(customers.net_amount) as net_amount,
    count(*) filter (where customers.purchase_day_count > 1) as repeat_customer_count,
    sum(customers.clv_amount) as clv_amount,
    sum(customers.expected_purchases) as expected_purchases,
    max(customers.clv_horizon_days) as clv_horizon_days,
    max(customers.churn_horizon_days) as churn_horizon_days,
    count(*) filter (where customers.churn_probability >= 0.5) as likely_churned_count
from marts.customer_360 as customers
inner join ops.merchants as merchants
    on customers.merchant_id = merchants.merchant_id
where customers.merchant_id = any(:merchant_ids)
group by customers.merchant_id, merchants.merchant_name, merchants.as_of_date, merchants.currency_code
order by customers.merchant_id
