"""From purchase days to published predictions: reads a history, calls one pure function, writes what it returns.

A model run's id is a digest of its data, settings and code, so a repeat finds its rows in place and writes nothing.
Predictions are appended; which of a merchant's runs is in force is noted on `ml.model_runs`.
"""

from datetime import date, datetime
from typing import Any

import polars as pl
import sqlalchemy as sa

from connectors.currencies import MINOR_DIGITS
from ml.forecasts.forecasting import MerchantForecast
from ml.forecasts.settings import ForecastSettings, Incumbent
from ml.histories.opportunity_calendar import Opportunity
from ml.priors.prior import Prior
from models import bookkeeping
from models import ml as tables
from models.errors import StopError
from models.reading import replace_merchant_rows, write_frame
from models.registry import (
    current_model_run,
    incumbent_model_run,
    model_run_of,
    publish_model_run,
    register_model_run,
)
from orchestration.configuration import Merchant
from orchestration.forecast_tasks import ComputedForecast, ForecastTask, software
from orchestration.forecast_workers import ForecastWorkers
from orchestration.merchant_run import MerchantRun
from orchestration.purchase_history import first_orders, purchase_history


def predict_merchant(
    run: MerchantRun, merchant: Merchant, workers: ForecastWorkers, *, prior: Prior | None = None
) -> MerchantForecast:
    """Fit, backtest and predict for one merchant, and store the result, unpublished.

    Args:
        run: The run.
        merchant: Whose customers.
        workers: Who calculates. Reading and storing stay here, a few merchants at a time.
        prior: What other merchants teach; None is the shipped prior.

    Raises:
        StopError: The history cannot carry a model, or the model's own checks fail; the last published run stays in
            force.
        PerennialError: See `orchestration.forecast_workers.ForecastWorkers.forecast`.
    """
    with workers.warehouse_turn:
        task = _task(run, merchant, prior)
    computed = workers.forecast(task)
    with workers.warehouse_turn:
        _store(run, merchant, computed, task.incumbent, run.started_at)
    failed = [
        f"{check.name}: {check.message}"
        for check in computed.forecast.checks
        if check.is_blocking and not check.has_passed
    ]
    if failed:
        raise StopError("; ".join(failed))
    return computed.forecast


def _task(run: MerchantRun, merchant: Merchant, prior: Prior | None) -> ForecastTask:
    """All that the merchant's forecast depends on, as the warehouse has it now."""
    settings = forecast_settings(merchant, run.as_of_dates[merchant.merchant_id])
    incumbent = _incumbent(run, settings)
    with run.deployment.transformer.connect() as connection:
        return task_from(connection, settings, prior, incumbent)


def task_from(
    connection: sa.Connection, settings: ForecastSettings, prior: Prior | None, incumbent: Incumbent | None
) -> ForecastTask:
    """A forecast's task, with the history that a database holds."""
    days, refunds = purchase_history(connection, settings.merchant_id)
    first = first_orders(connection, settings.merchant_id)
    return ForecastTask(days, refunds, settings, software(), prior, incumbent, first)


def forecast_settings(merchant: Merchant, as_of_date: date) -> ForecastSettings:
    """What a merchant's forecast is asked for, as it is declared now."""
    return ForecastSettings(
        merchant_id=merchant.merchant_id,
        as_of_date=as_of_date,
        currency_minor_digits=MINOR_DIGITS[merchant.currency_code],
        horizon_days=merchant.prediction.horizon_days,
        annual_discount_rate=merchant.prediction.annual_discount_rate,
        churn_horizon_days=merchant.prediction.churn_horizon_days,
        holdout_days=merchant.prediction.holdout_days,
        currency_code=merchant.currency_code,
        has_challengers=merchant.prediction.has_challengers,
        opportunity=None if (declared := merchant.prediction.opportunity) is None else Opportunity(declared),
    )


def _incumbent(run: MerchantRun, settings: ForecastSettings) -> Incumbent | None:
    """Who spoke for the merchant before the day that is forecast from; None of runs that kept no base."""
    with run.deployment.transformer.connect() as connection:
        return incumbent_from(incumbent_model_run(connection, settings.merchant_id, before=settings.as_of_date))


def incumbent_from(held: sa.Row[Any] | None) -> Incumbent | None:
    """Who spoke in a stored run; None of runs that kept no base."""
    if held is None or held.base_model_name is None:
        return None
    return Incumbent(
        model_run_id=held.model_run_id,
        champion=held.model_name,
        base=held.base_model_name,
        input_sketch=held.model_card["facts"].get("input_sketch"),
    )


def _store(
    run: MerchantRun,
    merchant: Merchant,
    computed: ComputedForecast,
    incumbent: Incumbent | None,
    fitted_at: datetime,
) -> None:
    """Write the forecast in one transaction; a run that is there already keeps its rows."""
    forecast = computed.forecast
    tenant = pl.lit(merchant.merchant_id).alias("merchant_id")
    model_run = pl.lit(forecast.model_run_id).alias("model_run_id")
    with run.deployment.transformer.begin() as connection:
        replace_merchant_rows(
            connection,
            tables.purchase_summaries,
            merchant.merchant_id,
            forecast.summary.with_columns(tenant).to_arrow(),
        )
        is_new = register_model_run(
            connection,
            merchant_id=merchant.merchant_id,
            model_run_id=forecast.model_run_id,
            model_name=forecast.model_name,
            as_of_date=run.as_of_dates[merchant.merchant_id],
            parameters=forecast.parameters,
            model_card=forecast.model_card,
            data_hash=forecast.data_hash,
            code_hash=forecast.code_hash,
            customer_count=forecast.predictions.height,
            run_id=run.run_id,
            fitted_at=fitted_at,
            base_model_name=forecast.base_model_name,
            prediction_basis=forecast.prediction_basis,
            incumbent_run_id=None if incumbent is None else incumbent.model_run_id,
            thread_count=computed.thread_count,
        )
        if is_new:
            for table, frame in stored_frames(forecast, merchant.currency_code):
                write_frame(connection, table, frame.with_columns(tenant, model_run).to_arrow())


def stored_frames(forecast: MerchantForecast, currency_code: str) -> list[tuple[sa.Table, pl.DataFrame]]:
    """What is stored of a forecast besides its card, table by table, without the columns of merchant and run."""
    currency = pl.lit(currency_code).alias("currency_code")
    return [
        (tables.backtests, forecast.backtest),
        (tables.calibration_deciles, forecast.deciles),
        (tables.cohort_forecasts, forecast.cohort_forecasts),
        (tables.holdout_weeks, forecast.holdout_weeks),
        (tables.predictions, forecast.predictions.with_columns(currency)),
    ]


def publish_merchant(run: MerchantRun, merchant: Merchant) -> str:
    """Put the model run that this run arrived at in force for a merchant, and let its new numbers be published.

    A run that fits no model itself, and takes up none that did, leaves everything as it is, if that is of its day.

    Returns:
        The id of the model run in force.

    Raises:
        StopError: This run arrived at none, and the one in force, which stays, is of another day.
    """
    merchant_id, as_of_date = merchant.merchant_id, run.as_of_dates[merchant.merchant_id]
    with run.deployment.transformer.begin() as connection:
        model_run_id = model_run_of(connection, merchant_id, (run.run_id, *run.continues))
        if model_run_id is None:
            current = current_model_run(connection, merchant_id)
            if current is None or current.as_of_date != as_of_date:
                raise StopError(f"no model was fitted as of {as_of_date}; materialise ml/model_runs in the same run")
            return str(current.model_run_id)
        publish_model_run(connection, merchant_id=merchant_id, model_run_id=model_run_id, published_at=run.started_at)
    # After the model, never before it: whoever is killed in between leaves the merchant withheld.
    with run.deployment.loader.begin() as connection:
        bookkeeping.clear_withheld(connection, merchant_id, run_id=run.run_id, updated_at=run.started_at)
    return model_run_id
