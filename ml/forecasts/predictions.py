"""What is said of every customer: the base model's numbers, and the champion's where it is another.

Must not fit a model, and must not decide who the champion is.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from ml.estimator import FloatArray, PurchaseEstimator
from ml.evaluation.contender import Forecast
from ml.evaluation.coverage import PURCHASE_COUNT, VALUE
from ml.forecasts.settings import ForecastSettings
from ml.histories.purchase_summary import SUMMARY_SCHEMA
from ml.priors.small_merchants import customer_prior_share
from ml.spend.gamma_gamma import GammaGamma
from ml.value.churn import churn_probability
from ml.value.intervals import PredictiveDistributions
from ml.value.lifetime_value import residual_lifetime_value
from ml.value.next_purchase import median_days_to_next_purchase
from ml.value.recalibration import Recalibration

INTERVAL_LEVEL = 0.8
# numeric(18,4) in the warehouse: the type of every amount there.
MONEY = pl.Decimal(18, 4)

SUMMARIES_SCHEMA = pl.Schema(
    {"customer_id": SUMMARY_SCHEMA["customer_id"], "as_of_date": pl.Date(), **dict(list(SUMMARY_SCHEMA.items())[1:])}
)
PREDICTIONS_SCHEMA = pl.Schema(
    {
        "customer_id": pl.String(),
        "as_of_date": pl.Date(),
        "model_name": pl.String(),
        "base_model_name": pl.String(),
        "prediction_basis": pl.String(),
        "prior_share": pl.Float64(),
        "frequency": pl.Int64(),
        "recency_days": pl.Float64(),
        "age_days": pl.Float64(),
        "probability_alive": pl.Float64(),
        "expected_purchases": pl.Float64(),
        "purchases_low": pl.Float64(),
        "purchases_high": pl.Float64(),
        "expected_spend_amount": MONEY,
        "clv_amount": MONEY,
        "clv_low_amount": MONEY,
        "clv_high_amount": MONEY,
        "interval_level": pl.Float64(),
        "clv_horizon_days": pl.Int32(),
        "annual_discount_rate": pl.Float64(),
        "residual_clv_amount": MONEY,
        "churn_probability": pl.Float64(),
        "churn_horizon_days": pl.Int32(),
        "next_purchase_date": pl.Date(),
    }
)


@dataclass(frozen=True)
class Speaker:
    """Whose numbers are published, and what they rest on.

    Attributes:
        champion: The contender whose counts they are.
        basis: `model`, `prior` (the base model stands on a prior in part) or `naive` (no model may be published).
        purchases: The base model, fitted on the whole history.
        spend: The model of spend, likewise.
        forecast: The champion's, over the horizons of the settings; None where the champion is the base itself.
        recalibrations: By measure (`ml.evaluation.coverage`).
    """

    champion: str
    basis: str
    purchases: PurchaseEstimator
    spend: GammaGamma
    forecast: Forecast | None
    recalibrations: Mapping[str, Recalibration]


def rounded_amount(values: FloatArray, minor_digits: int) -> pl.Series:
    """Amounts rounded half to even to a currency's decimal places, as `MONEY`; NaN becomes null."""
    unit = 10.0**minor_digits
    return pl.Series(np.rint(values * unit) / unit).fill_nan(None).cast(MONEY)


def predict(summary: pl.DataFrame, speaker: Speaker, settings: ForecastSettings) -> pl.DataFrame:
    """The predictions of a summary: `PREDICTIONS_SCHEMA`, one row per row of the summary.

    The base model gives P(alive), the shape of every distribution and what discounting takes off. Where another
    contender is the champion, its counts and spend take the place of the base's means, and intervals and residual value
    are scaled by as much.
    """
    digits, purchases, spend = settings.currency_minor_digits, speaker.purchases, speaker.spend
    base_counts = purchases.expected_purchases(summary, settings.horizon_days)
    per_day = spend.expected_spend(summary)
    counts, spent = base_counts, base_counts * per_day
    churned = churn_probability(purchases, summary, horizon_days=settings.churn_horizon_days)
    if speaker.forecast is not None:
        if speaker.forecast.purchase_count is not None:
            counts = speaker.forecast.purchase_count
        spent = counts * per_day if speaker.forecast.spend is None else speaker.forecast.spend
        if speaker.forecast.order_probability is not None:
            churned = (1.0 - speaker.forecast.order_probability).clip(0.0, 1.0)
    predicted = PredictiveDistributions.of(
        purchases,
        spend,
        summary,
        horizon_days=settings.horizon_days,
        annual_discount_rate=settings.annual_discount_rate,
    )
    of_count, of_value = _over(counts, base_counts), _over(spent, base_counts * per_day)
    counted = predicted.count_interval(INTERVAL_LEVEL, speaker.recalibrations.get(PURCHASE_COUNT)).times(of_count)
    valued = predicted.value_interval(INTERVAL_LEVEL, speaker.recalibrations.get(VALUE))
    if valued is None:
        raise AssertionError("there is a model of spend")
    valued = valued.times(of_value)
    residual = np.full(summary.height, np.nan)
    if settings.annual_discount_rate > 0:
        residual = of_value * residual_lifetime_value(
            purchases, spend, summary, annual_discount_rate=settings.annual_discount_rate
        )
    return summary.select(
        "customer_id",
        pl.lit(settings.as_of_date).alias("as_of_date"),
        pl.lit(speaker.champion).alias("model_name"),
        pl.lit(purchases.name).alias("base_model_name"),
        pl.lit(speaker.basis).alias("prediction_basis"),
        pl.Series("prior_share", customer_prior_share(purchases, summary)),
        "frequency",
        "recency_days",
        "age_days",
        pl.Series("probability_alive", purchases.probability_alive(summary)),
        pl.Series("expected_purchases", counts),
        pl.Series("purchases_low", counted.low),
        pl.Series("purchases_high", counted.high),
        rounded_amount(per_day, digits).alias("expected_spend_amount"),
        rounded_amount(spent * predicted.discount, digits).alias("clv_amount"),
        rounded_amount(valued.low, digits).alias("clv_low_amount"),
        rounded_amount(valued.high, digits).alias("clv_high_amount"),
        pl.lit(INTERVAL_LEVEL).alias("interval_level"),
        pl.lit(settings.horizon_days, dtype=pl.Int32).alias("clv_horizon_days"),
        pl.lit(settings.annual_discount_rate, dtype=pl.Float64).alias("annual_discount_rate"),
        rounded_amount(residual, digits).alias("residual_clv_amount"),
        pl.Series("churn_probability", churned),
        pl.lit(settings.churn_horizon_days, dtype=pl.Int32).alias("churn_horizon_days"),
        _dates(purchases, summary, settings).alias("next_purchase_date"),
    ).match_to_schema(PREDICTIONS_SCHEMA)


def _over(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """Elementwise ratio; 1 where nothing is over nothing."""
    result: FloatArray = np.where(denominator > 0, numerator / np.maximum(denominator, 1e-300), 1.0)
    return result


def _dates(purchases: PurchaseEstimator, summary: pl.DataFrame, settings: ForecastSettings) -> pl.Series:
    """The day by which half of such customers, if they still are any, have bought again; null beyond the horizon."""
    days = median_days_to_next_purchase(purchases, summary, within_days=settings.horizon_days)
    frame = pl.DataFrame({"days": days}).with_columns(pl.col("days").ceil().fill_nan(None).cast(pl.Int64))
    return frame.select(pl.lit(settings.as_of_date) + pl.duration(days=pl.col("days"))).to_series().cast(pl.Date)
