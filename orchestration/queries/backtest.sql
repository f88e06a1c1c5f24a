-- One row per merchant, model and metric at the latest origin of the published model runs, with who speaks.
select
    backtests.merchant_id,
    backtests.model_name,
    backtests.metric,
    backtests.calibration_end_date,
    backtests.holdout_days,
    backtests.value,
    model_runs.model_name as champion_name,
    model_runs.prediction_basis,
    cast(model_runs.model_card -> 'facts' ->> 'prior_share' as double precision) as prior_share
from ml.backtests as backtests
inner join ml.model_runs as model_runs
    on
        backtests.merchant_id = model_runs.merchant_id
        and backtests.model_run_id = model_runs.model_run_id
where
    backtests.merchant_id = any(:merchant_ids)
    and model_runs.published_at is not null
    and model_runs.superseded_at is null
    and backtests.calibration_end_date = (
        select max(latest.calibration_end_date)
        from ml.backtests as latest
        where
            latest.merchant_id = backtests.merchant_id
            and latest.model_run_id = backtests.model_run_id
    )
