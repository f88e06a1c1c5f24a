"""What is said of every customer: the base model's numbers, and the champion's where it is another.

Must not fit a model, and must not decide who the champion is.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from ml.estimator import FloatArray, PurchaseEstimator
from ml.evaluation.contender import Forecast
from ml.evaluation.coverage import PURCHASE_COUNT, SPEND, VALUE
from ml.forecasts.backtesting import over
from ml.forecasts.settings import ForecastSettings
from ml.histories.purchase_summary import SUMMARY_SCHEMA
from ml.priors.small_merchants import customer_prior_share
from ml.spend.gamma_gamma import GammaGamma, spend_day_share
from ml.value.churn import churn_probability
from ml.value.intervals import PredictiveDistributions
from ml.value.lifetime_value import residual_lifetime_value
from ml.value.next_purchase import median_days_to_next_purchase
from ml.value.recalibration import Recalibration
from ml.value.totals import TOTALS_SCHEMA, LevelError, Moments, cohort_totals, count_moments, spend_moments

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
COHORTS_SCHEMA = pl.Schema({"quantity": pl.String(), "cohort": pl.String(), **TOTALS_SCHEMA})


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


@dataclass(frozen=True)
class Expected:
    """What a speaker says of each customer within the horizon, shape (n,) each, and its distributions.

    Attributes:
        counts: Purchase days.
        per_day: Spend of a purchase day, which may cost nothing, in the merchant's currency.
        spend: Spend within the horizon, not discounted.
        churned: P(no purchase within the churn horizon).
        of_counts: How many times the counts are that the base model expects.
        of_spend: How many times the spend is that the model of spend expects of as many days, each with spend.
        distributions: The base model's, stretched to the champion's counts and spend.
    """

    counts: FloatArray
    per_day: FloatArray
    spend: FloatArray
    churned: FloatArray
    of_counts: FloatArray
    of_spend: FloatArray
    distributions: PredictiveDistributions


def expected_of(summary: pl.DataFrame, speaker: Speaker, settings: ForecastSettings) -> Expected:
    """The base model gives the shape of every distribution; where another contender is the champion, its means hold."""
    purchases, spend, forecast = speaker.purchases, speaker.spend, speaker.forecast
    base_counts = purchases.expected_purchases(summary, settings.horizon_days)
    counts, paid_day = base_counts, spend.expected_spend(summary)
    per_day = paid_day * spend_day_share(summary)
    churned = churn_probability(purchases, summary, horizon_days=settings.churn_horizon_days)
    if forecast is not None and forecast.purchase_count is not None:
        counts = forecast.purchase_count
    spent = counts * per_day
    if forecast is not None and forecast.spend is not None:
        spent = forecast.spend
    if forecast is not None and forecast.order_probability is not None:
        churned = (1.0 - forecast.order_probability).clip(0.0, 1.0)
    of_counts, of_spend = over(counts, base_counts), over(spent, counts * paid_day)
    distributions = PredictiveDistributions.of(
        purchases,
        spend,
        summary,
        horizon_days=settings.horizon_days,
        annual_discount_rate=settings.annual_discount_rate,
        factor=None if counts is base_counts else of_counts,
        spend_factor=of_spend,
    )
    return Expected(counts, per_day, spent, churned, of_counts, of_spend, distributions)


def predict(
    summary: pl.DataFrame, speaker: Speaker, settings: ForecastSettings, expected: Expected | None = None
) -> pl.DataFrame:
    """The predictions of a summary: `PREDICTIONS_SCHEMA`, one row per row of the summary.

    Args:
        summary: The customers.
        speaker: Whose numbers.
        settings: Horizons, rate and currency.
        expected: `expected_of` the same, where it is there already.
    """
    said = expected_of(summary, speaker, settings) if expected is None else expected
    digits, purchases, spend, predicted = (
        settings.currency_minor_digits,
        speaker.purchases,
        speaker.spend,
        said.distributions,
    )
    counted = predicted.count_interval(INTERVAL_LEVEL, speaker.recalibrations.get(PURCHASE_COUNT))
    valued = predicted.value_interval(INTERVAL_LEVEL, speaker.recalibrations.get(VALUE))
    if valued is None:
        raise AssertionError("there is a model of spend")
    residual = np.full(summary.height, np.nan)
    if settings.annual_discount_rate > 0:
        residual = residual_lifetime_value(
            purchases, spend, summary, annual_discount_rate=settings.annual_discount_rate
        )
        residual = residual * said.of_counts * said.of_spend
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
        pl.Series("expected_purchases", said.counts),
        pl.Series("purchases_low", counted.low),
        pl.Series("purchases_high", counted.high),
        rounded_amount(said.per_day, digits).alias("expected_spend_amount"),
        rounded_amount(said.spend * predicted.discount, digits).alias("clv_amount"),
        rounded_amount(valued.low, digits).alias("clv_low_amount"),
        rounded_amount(valued.high, digits).alias("clv_high_amount"),
        pl.lit(INTERVAL_LEVEL).alias("interval_level"),
        pl.lit(settings.horizon_days, dtype=pl.Int32).alias("clv_horizon_days"),
        pl.lit(settings.annual_discount_rate, dtype=pl.Float64).alias("annual_discount_rate"),
        rounded_amount(residual, digits).alias("residual_clv_amount"),
        pl.Series("churn_probability", said.churned),
        pl.lit(settings.churn_horizon_days, dtype=pl.Int32).alias("churn_horizon_days"),
        _dates(purchases, summary, settings).alias("next_purchase_date"),
    ).match_to_schema(PREDICTIONS_SCHEMA)


def cohort_forecasts(
    summary: pl.DataFrame,
    speaker: Speaker,
    settings: ForecastSettings,
    expected: Expected,
    level_errors: Mapping[str, LevelError],
) -> pl.DataFrame:
    """What all customers of each month of acquisition, and all together, will do within the horizon.

    Returns:
        `COHORTS_SCHEMA`: per quantity (`purchase_count`, and `clv` in the merchant's currency) a row per month of first
        purchase (`2026-01`) and one of all (`all`), with bands at `INTERVAL_LEVEL` learnt from the origins.
    """
    predicted = expected.distributions
    factor = np.ones(summary.height) if predicted.factor is None else predicted.factor
    counts = count_moments(predicted).times(factor)
    of_value = predicted.times_spend * predicted.discount
    values = spend_moments(predicted, speaker.spend, summary).times(of_value)
    # The means as they are published, to the last digit; the distributions leave out a tail that nobody sees.
    found = (
        (PURCHASE_COUNT, Moments(expected.counts, counts.variance), level_errors[PURCHASE_COUNT]),
        (VALUE, Moments(expected.spend * predicted.discount, values.variance), level_errors[SPEND]),
    )
    return pl.concat(
        cohort_totals(summary, moments, error, as_of_date=settings.as_of_date, level=INTERVAL_LEVEL).select(
            pl.lit(quantity).alias("quantity"),
            pl.col("cohort_month").dt.strftime("%Y-%m").fill_null("all").alias("cohort"),
            *TOTALS_SCHEMA.names(),
        )
        for quantity, moments, error in found
    ).match_to_schema(COHORTS_SCHEMA)


def _dates(purchases: PurchaseEstimator, summary: pl.DataFrame, settings: ForecastSettings) -> pl.Series:
    """The day by which half of such customers, if they still are any, have bought again; null beyond the horizon."""
    days = median_days_to_next_purchase(purchases, summary, within_days=settings.horizon_days)
    frame = pl.DataFrame({"days": days}).with_columns(pl.col("days").ceil().fill_nan(None).cast(pl.Int64))
    return frame.select(pl.lit(settings.as_of_date) + pl.duration(days=pl.col("days"))).to_series().cast(pl.Date)
