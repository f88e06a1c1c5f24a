-- What is a customer of each month's cohort worth after one, three, six and twelve months?
-- Net of refunds, per customer who came, in months that are over.
select
    acquisition_month,
    max(cohort_customer_count) as customer_count,
    max(cumulative_net_per_customer_amount) filter (where period_number = 0) as first_month_amount,
    max(cumulative_net_per_customer_amount) filter (where period_number = 2) as three_months_amount,
    max(cumulative_net_per_customer_amount) filter (where period_number = 5) as six_months_amount,
    max(cumulative_net_per_customer_amount) filter (where period_number = 11) as twelve_months_amount
from marts.cohort_revenue
where
    merchant_id = 'my_brand'
    and is_complete_period
group by acquisition_month
order by acquisition_month
