-- The predictions that are in force: those of each merchant's published model run that no other has replaced.
create view ml.customer_lifetime_value as
select
    predictions.merchant_id,
    predictions.model_run_id,
    predictions.customer_id,
    predictions.as_of_date,
    predictions.frequency,
    predictions.recency_days,
    predictions.age_days,
    predictions.probability_alive,
    predictions.expected_purchases,
    predictions.expected_spend_amount,
    predictions.clv_amount,
    predictions.clv_horizon_days,
    predictions.annual_discount_rate,
    predictions.churn_probability,
    predictions.churn_horizon_days,
    predictions.currency_code
from ml.predictions
inner join ml.model_runs
    on
        predictions.merchant_id = model_runs.merchant_id
        and predictions.model_run_id = model_runs.model_run_id
where
    model_runs.published_at is not null
    and model_runs.superseded_at is null;

comment on view ml.customer_lifetime_value is
'One row per customer of a merchant: the predictions of the merchant''s latest published model run.'
