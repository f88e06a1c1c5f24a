"""A backtest at one holdout, written as plainly as can be: what the rolling one is held against."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from ml.estimator import FloatArray, PurchaseEstimator, SpendEstimator
from ml.evaluation import metrics
from ml.evaluation.baselines import (
    NAIVE,
    RECENCY,
    own_mean_spend,
    recency_score,
    same_rate_order_probability,
    same_rate_purchases,
)
from ml.evaluation.contender import Forecast
from ml.histories.known_history import KnownHistory
from ml.value.churn import churn_probability
from models.errors import StopError

BACKTEST_SCHEMA = pl.Schema(
    {
        "model_name": pl.String(),
        "metric": pl.String(),
        "calibration_end_date": pl.Date(),
        "holdout_days": pl.Int32(),
        "value": pl.Float64(),
    }
)


@dataclass(frozen=True)
class Split:
    """A history cut in two.

    Attributes:
        calibration: Purchase summary at `calibration_end_date`, with the refunds known by then and no others; one row
            per customer acquired by then, who are the customers that all figures of a backtest are about.
        outcome: One row per row of `calibration`, in its order: `customer_id`, `purchase_count` (purchase days in the
            holdout), `spend` (of those days, after refunds known at the holdout's end) and `days_to_next` (from
            the calibration's end to the first of them; null when there is none).
        actual_by_day: Purchase days of those customers by holdout day: element 0 is the day after calibration.
        calibration_end_date: The last day of calibration.
        holdout_days: Days after it.
    """

    calibration: pl.DataFrame
    outcome: pl.DataFrame
    actual_by_day: FloatArray
    calibration_end_date: date
    holdout_days: int


def split_at_holdout(
    purchase_days: pl.DataFrame, refunds: pl.DataFrame | None, *, as_of_date: date, holdout_days: int
) -> Split:
    """Cut a merchant's purchase days into calibration and the last `holdout_days` days up to `as_of_date`.

    Args:
        purchase_days: See `ml.histories.purchase_summary.net_purchase_days`.
        refunds: See there.
        as_of_date: The last day of the holdout.
        holdout_days: One or more.

    Returns:
        Both parts; the calibration is empty when nobody bought before the holdout.

    Raises:
        StopError: The frames break their contract, or there is no day to hold out.
    """
    if holdout_days < 1:
        raise StopError(f"a holdout has one day or more; holdout_days is {holdout_days}")
    history = KnownHistory(purchase_days, refunds, as_of_date)
    calibration = history.before(holdout_days)
    outcome = history.outcome_of(calibration)
    return Split(
        calibration.summary, outcome.by_customer, outcome.purchases_by_day, calibration.as_of_date, holdout_days
    )


def model_forecast(
    split: Split, purchases: PurchaseEstimator, spend: SpendEstimator | None, *, order_horizon_days: int
) -> Forecast:
    """What fitted models expected of a holdout; both were fitted on `split.calibration`."""
    counts = purchases.expected_purchases(split.calibration, split.holdout_days)
    churned = churn_probability(purchases, split.calibration, horizon_days=order_horizon_days)
    per_purchase = None if spend is None else spend.expected_spend(split.calibration) * _paid(split)
    return Forecast(
        model_name=purchases.name,
        score=counts,
        order_probability=1.0 - churned,
        purchase_count=counts,
        spend=None if per_purchase is None else counts * per_purchase,
    )


def baseline_forecasts(split: Split, *, order_horizon_days: int) -> list[Forecast]:
    """The naive same-rate forecast, and the ranking by recency."""
    counts = same_rate_purchases(split.calibration, horizon_days=split.holdout_days)
    own = own_mean_spend(split.calibration)
    per_purchase = None if own is None else own * _paid(split)
    naive = Forecast(
        model_name=NAIVE,
        score=counts,
        order_probability=same_rate_order_probability(split.calibration, horizon_days=order_horizon_days),
        purchase_count=counts,
        spend=None if per_purchase is None else counts * per_purchase,
    )
    return [naive, Forecast(model_name=RECENCY, score=recency_score(split.calibration))]


def _measures(split: Split, forecast: Forecast, order_horizon_days: int) -> dict[str, float | None]:
    actual = split.outcome["purchase_count"].to_numpy()
    spent = split.outcome["spend"].to_numpy()
    ordered = (split.outcome["days_to_next"].fill_null(np.inf).to_numpy() <= order_horizon_days).astype(np.float64)
    ranked_by = forecast.score if forecast.order_probability is None else forecast.order_probability
    found: dict[str, float | None] = {
        "customer_count": float(actual.size),
        "actual_purchases": float(actual.sum()),
        "actual_spend_amount": float(spent.sum()),
        "actual_order_rate": float(ordered.mean()) if ordered.size else None,
        "order_horizon_days": float(order_horizon_days),
        "spearman": metrics.spearman(forecast.score, actual),
        "top_decile_capture_rate": metrics.top_decile_capture(forecast.score, actual),
        "order_auc": metrics.area_under_curve(ranked_by, ordered),
    }
    if forecast.order_probability is not None:
        found["order_brier"] = metrics.brier_score(forecast.order_probability, ordered)
    if forecast.purchase_count is not None:
        found |= {
            "expected_purchases": float(forecast.purchase_count.sum()),
            "bias": metrics.bias(forecast.purchase_count, actual),
            "mae": metrics.mean_absolute_error(forecast.purchase_count, actual),
            "rmse": metrics.root_mean_squared_error(forecast.purchase_count, actual),
        }
        has_spend = forecast.spend is not None
        spend = forecast.spend if forecast.spend is not None else spent
        found |= {
            "expected_spend_amount": float(spend.sum()) if has_spend else None,
            "spend_bias": metrics.bias(spend, spent) if has_spend else None,
            "spend_mae": metrics.mean_absolute_error(spend, spent) if has_spend else None,
            "spend_rmse": metrics.root_mean_squared_error(spend, spent) if has_spend else None,
        }
    return found


def backtest(split: Split, forecasts: list[Forecast], *, order_horizon_days: int) -> pl.DataFrame:
    """Every measure of every forecast.

    Counts are of purchase days in the holdout by customers acquired in calibration. `order_*` is about ordering again
    within `order_horizon_days` of the calibration's end. `order_auc` ranks by the order probability where there is one.

    Args:
        split: The cut history.
        forecasts: Forecasts of `split.calibration`, in its order.
        order_horizon_days: At most `split.holdout_days`.

    Returns:
        `BACKTEST_SCHEMA`, one row per model and metric; value is null where a metric is undefined.

    Raises:
        StopError: The holdout is shorter than the horizon.
    """
    if order_horizon_days > split.holdout_days:
        raise StopError(f"ordering within {order_horizon_days} days cannot be seen in {split.holdout_days} held out")
    rows = [
        (forecast.model_name, metric, split.calibration_end_date, split.holdout_days, value)
        for forecast in forecasts
        for metric, value in _measures(split, forecast, order_horizon_days).items()
    ]
    return pl.DataFrame(rows, schema=BACKTEST_SCHEMA, orient="row").sort("model_name", "metric")


def _paid(split: Split) -> float:
    days = split.calibration["frequency"].sum() + 10
    return float((split.calibration["spend_day_count"].sum() + 10) / days)
