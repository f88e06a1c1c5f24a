-- Which valuable customers are about to leave, and may be written to?
-- The best fifth by what is expected of them, of whom a purchase is less likely than not.
select
    customer_id,
    last_order_date,
    net_amount,
    clv_amount,
    round(cast(churn_probability as numeric), 4) as churn_probability,
    churn_horizon_days
from marts.customer_360
where
    merchant_id = 'my_brand'
    and clv_percent_rank >= 0.8
    and churn_probability > 0.5
    and has_email
    and has_email_consent
order by clv_amount desc, customer_id asc
limit 100
