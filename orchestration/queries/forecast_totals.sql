-- A model run in a few figures.
select
    count(*) as customer_count,
    sum(expected_purchases) as expected_purchases,
    cast(sum(clv_amount) as double precision) as clv_amount,
    count(*) filter (where churn_probability > 0.5) as likely_churned_count,
    avg(prior_share) as prior_share
from ml.predictions
where
    merchant_id = :merchant_id
    and model_run_id = :model_run_id
    and as_of_date = :as_of_date
