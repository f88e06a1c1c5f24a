-- One row per merchant, model and metric of the published model runs.
select
    backtests.merchant_id,
    backtests.model_name,
    backtests.metric,
    backtests.calibration_end_date,
    backtests.holdout_days,
    backtests.value
from ml.backtests as backtests
inner join ml.model_runs as model_runs
    on
        backtests.merchant_id = model_runs.merchant_id
        and backtests.model_run_id = model_runs.model_run_id
where
    backtests.merchant_id = any(:merchant_ids)
    and model_runs.published_at is not null
    and model_runs.superseded_at is null
