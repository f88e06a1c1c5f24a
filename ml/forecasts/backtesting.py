"""A merchant's past held against its forecasts: every contender at every origin, and the reach of the intervals.

Must not choose between contenders, and must not predict.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import polars as pl

from ml.contenders.catalogue import contenders_of
from ml.contenders.parametric import BASES
from ml.estimator import FloatArray, PurchaseEstimator, SpendEstimator, UnusableFitError
from ml.evaluation.contender import Contender
from ml.evaluation.coverage import (
    PURCHASE_COUNT,
    SPEND,
    Actual,
    actual_within,
    coverage_table,
    customer_uniforms,
    learnt_recalibrations,
    probability_integral_transforms,
    recalibrated,
)
from ml.evaluation.holdout_course import (
    FREQUENCY_BUCKETS_SCHEMA,
    HOLDOUT_WEEKS_SCHEMA,
    frequency_buckets,
    holdout_weeks,
)
from ml.evaluation.rolling_origins import ROLLING_SCHEMA, OriginBacktest, RollingBacktest, rolling_backtest
from ml.forecasts.settings import ForecastSettings
from ml.histories.known_history import KnownHistory
from ml.spend.gamma_gamma import GammaGamma, spend_day_share
from ml.value.intervals import PredictiveDistributions
from ml.value.recalibration import Recalibration
from ml.value.totals import LevelError, OriginTotal, count_moments, spend_moments

_SEED = 20260101


@dataclass(frozen=True)
class Reach:
    """How far outcomes fell from what was predicted.

    Attributes:
        recalibrations: By measure, learnt from all origins: for forecasts of what is not known yet.
        level_errors: By measure (`PURCHASE_COUNT`, `SPEND`) how far totals were off, learnt likewise.
        table: `ROLLING_SCHEMA`: coverage at the latest origin, as predicted and after a recalibration that has seen no
            day of the latest origin's outcome.
    """

    recalibrations: dict[str, Recalibration]
    level_errors: dict[str, LevelError]
    table: pl.DataFrame


@dataclass(frozen=True)
class HoldoutCourse:
    """The latest origin, week by week and by frequency; empty frames where there is none.

    Attributes:
        weeks: `HOLDOUT_WEEKS_SCHEMA`.
        buckets: `FREQUENCY_BUCKETS_SCHEMA`.
    """

    weeks: pl.DataFrame
    buckets: pl.DataFrame


def contenders_for(settings: ForecastSettings) -> tuple[Contender, ...]:
    """Who takes part."""
    return contenders_of(has_challengers=settings.has_challengers, opportunity=settings.opportunity)


def base_named(name: str) -> type[PurchaseEstimator]:
    """The parametric model of that name."""
    return next(base for base in BASES if base.name == name)


def backtested(history: KnownHistory, settings: ForecastSettings) -> RollingBacktest:
    """Every contender at every origin that the history carries."""
    return rolling_backtest(
        history,
        contenders_for(settings),
        order_horizon_days=settings.churn_horizon_days,
        horizon_days=settings.holdout_days,
    )


def reach_at_origins(
    history: KnownHistory,
    rolling: RollingBacktest,
    base: type[PurchaseEstimator],
    champion: str,
    settings: ForecastSettings,
) -> Reach:
    """Where outcomes fell in the base's distributions at each origin, stretched to the champion's counts."""
    transforms: list[tuple[OriginBacktest, Mapping[str, FloatArray]]] = []
    totals: dict[str, list[OriginTotal]] = {PURCHASE_COUNT: [], SPEND: []}
    for origin in rolling.origins:
        try:
            purchases = origin.history.fitted(base)
        except UnusableFitError:
            continue
        earlier, days, rate = origin.history, origin.outcome.days, settings.annual_discount_rate
        spend = _spend(earlier)
        predicted = PredictiveDistributions.of(
            purchases,
            spend,
            earlier.summary,
            horizon_days=days,
            annual_discount_rate=rate,
            factor=_factor(origin, purchases, champion),
            spend_factor=_spend_factor(origin, spend, champion),
        )
        actual = actual_within(history, earlier, days=days, annual_discount_rate=rate)
        uniforms = customer_uniforms(earlier.summary["customer_id"], seed=_SEED)
        transforms.append((origin, probability_integral_transforms(predicted, actual, uniforms)))
        for measure, total in _totals(predicted, spend, earlier, actual).items():
            totals[measure].append(total)
    level_errors = {measure: LevelError.learnt(origins) for measure, origins in totals.items()}
    if not transforms:
        return Reach({}, level_errors, pl.DataFrame(schema=ROLLING_SCHEMA))
    latest, found = transforms[-1]
    unseen = [
        values
        for origin, values in transforms[:-1]
        if origin.history.as_of_date + timedelta(days=origin.outcome.days) <= latest.history.as_of_date
    ]
    tables = [_coverage(found, latest, champion, "coverage")]
    if unseen:
        corrected = recalibrated(found, learnt_recalibrations(unseen))
        tables.append(_coverage(corrected, latest, champion, "recalibrated_coverage"))
    learnt = learnt_recalibrations([values for _, values in transforms])
    return Reach(learnt, level_errors, pl.concat(tables))


def over(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """Elementwise ratio of what is not negative; 1 where there is nothing to compare with."""
    result: FloatArray = np.where(denominator > 0, numerator / np.maximum(denominator, 1e-300), 1.0)
    return result


def _factor(origin: OriginBacktest, purchases: PurchaseEstimator, champion: str) -> FloatArray | None:
    """How many times the base's counts the champion forecast at an origin; None where it was silent or the base."""
    forecast = origin.forecasts.get(champion)
    if champion == purchases.name or forecast is None or forecast.purchase_count is None:
        return None
    return over(forecast.purchase_count, purchases.expected_purchases(origin.history.summary, origin.outcome.days))


def _spend_factor(origin: OriginBacktest, spend: SpendEstimator | None, champion: str) -> FloatArray | None:
    """How many times the spend of as many purchase days the champion forecast at an origin; see `expected_of`."""
    if spend is None:
        return None
    forecast, summary = origin.forecasts.get(champion), origin.history.summary
    if forecast is None or forecast.spend is None or forecast.purchase_count is None:
        return np.full(summary.height, spend_day_share(summary))
    return over(forecast.spend, forecast.purchase_count * spend.expected_spend(summary))


def _totals(
    predicted: PredictiveDistributions, spend: SpendEstimator | None, earlier: KnownHistory, actual: Actual
) -> dict[str, OriginTotal]:
    once = np.ones(earlier.summary.height) if predicted.factor is None else predicted.factor
    found = {PURCHASE_COUNT: (count_moments(predicted).times(once), actual.purchase_count)}
    if spend is not None:
        spent = spend_moments(predicted, spend, earlier.summary).times(predicted.times_spend)
        found[SPEND] = (spent, actual.spend)
    return {
        measure: OriginTotal(float(moments.mean.sum()), float(moments.variance.sum()), float(came.sum()))
        for measure, (moments, came) in found.items()
    }


def holdout_course(rolling: RollingBacktest, base: type[PurchaseEstimator]) -> HoldoutCourse:
    """The base model's course over the latest origin's outcome."""
    origin = rolling.origins[-1] if rolling.origins else None
    if origin is None or base.name not in origin.forecasts:
        return HoldoutCourse(pl.DataFrame(schema=HOLDOUT_WEEKS_SCHEMA), pl.DataFrame(schema=FREQUENCY_BUCKETS_SCHEMA))
    earlier, outcome, purchases = origin.history, origin.outcome, origin.history.fitted(base)
    expected = purchases.expected_purchases(earlier.summary, outcome.days)
    return HoldoutCourse(holdout_weeks(earlier, outcome, purchases), frequency_buckets(earlier, outcome, expected))


def _spend(history: KnownHistory) -> SpendEstimator | None:
    try:
        return history.fitted(GammaGamma)
    except UnusableFitError:
        return None


def _coverage(transforms: Mapping[str, FloatArray], origin: OriginBacktest, name: str, prefix: str) -> pl.DataFrame:
    table = coverage_table(transforms, seed=_SEED)
    at: Sequence[pl.Expr] = (
        pl.lit(name).alias("model_name"),
        pl.format("{}_{}_{}", pl.lit(prefix), pl.col("measure"), (pl.col("level") * 100).round().cast(pl.Int32)).alias(
            "metric"
        ),
        pl.lit(origin.history.as_of_date).alias("calibration_end_date"),
        pl.lit(origin.outcome.days, dtype=pl.Int32).alias("holdout_days"),
        pl.col("coverage").alias("value"),
        pl.col("coverage_low").alias("value_low"),
        pl.col("coverage_high").alias("value_high"),
    )
    return table.select(*at).match_to_schema(ROLLING_SCHEMA)
