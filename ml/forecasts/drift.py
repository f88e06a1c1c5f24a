"""Whether a run's data and errors still look like those of the runs before it.

What a run looked like is kept beside it as a sketch of a few numbers, JSON-ready and without a customer's id. The
findings are for people to read: none withholds a publish. Must not decide anything.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import polars as pl
from scipy.special import chdtri, stdtrit

from ml.estimator import FloatArray, column
from ml.forecasts.forecast_checks import ForecastCheck

SKETCH_VERSION = 1
# The convention of credit scoring: below .1 nothing has happened, above .25 another population stands there. From one
# night to the next the same customers are compared, and the index stays below .01.
_INDEX_IS_NOTABLE = 0.1
# A sample's index is above its own scatter's limit in one of a thousand comparisons.
_INDEX_BY_CHANCE = 0.999
# Erasure takes single customers; more than one in a hundred gone are orders that went missing.
_CUSTOMERS_STAY = 0.99
_WEEKS = 26
_RECENT_WEEKS = 4
_LEAST_WEEKS = 8
_NOTABLE_RATIO = 2.0
# By so much the level of a forecast moves from one origin to the next with nothing having happened.
_LEVEL_SCATTER = 0.05
_LEVEL_BAND = 0.95

_IN_WORDS = {
    "frequency": "repeat purchases",
    "days_since_last_purchase": "days since the last purchase",
    "age_days": "days since the first purchase, of customers known then",
    "monetary_value": "mean spend",
}


@dataclass(frozen=True)
class LevelResidual:
    """A contender's total at one origin.

    Attributes:
        calibration_end_date: The origin.
        horizon_days: Days forecast.
        expected: Purchase days expected of its customers.
        actual: Purchase days they made.
    """

    calibration_end_date: date
    horizon_days: int
    expected: float
    actual: float

    @property
    def log_ratio(self) -> float:
        """The logarithm of actual over expected, each with half a purchase day added; above 0 there was more."""
        return float(np.log((self.actual + 0.5) / (self.expected + 0.5)))


def _inputs(summary: pl.DataFrame, *, known_for_days: int) -> dict[str, FloatArray]:
    """What is compared: of ages those of customers known for so long, counted from the day so long ago."""
    age = column(summary, "age_days")
    spend = column(summary, "monetary_value")
    return {
        "frequency": column(summary, "frequency"),
        "days_since_last_purchase": age - column(summary, "recency_days"),
        "age_days": age[age >= known_for_days] - known_for_days,
        "monetary_value": spend[np.isfinite(spend)],
    }


def _counts(values: FloatArray, edges: FloatArray) -> FloatArray:
    """How many values lie up to each edge and above the edge before it; the last are those above all edges."""
    return np.bincount(np.searchsorted(edges, values, side="left"), minlength=edges.size + 1).astype(np.float64)


def _weekly_new_customers(summary: pl.DataFrame) -> list[int]:
    """Customers with their first purchase in each of the last whole weeks of the history, the latest week last."""
    age = column(summary, "age_days")
    weeks = min(_WEEKS, int((age.max() + 1) // 7)) if age.size else 0
    by_week = np.bincount((age // 7).astype(np.intp), minlength=weeks + 1)[:weeks]
    return [int(count) for count in by_week[::-1]]


def input_sketch(summary: pl.DataFrame, *, as_of_date: date) -> dict[str, Any]:
    """What a run's customers looked like, to be kept with the run.

    Args:
        summary: `ml.histories.purchase_summary.SUMMARY_SCHEMA`.
        as_of_date: Of the summary.

    Returns:
        JSON-ready: `as_of_date`, `customer_count`, `new_customers_by_week`, and per distribution the deciles that
        differ (`edges`, in days, purchases or the currency) and the `counts` of customers between them.
    """
    distributions = {}
    for name, values in _inputs(summary, known_for_days=0).items():
        edges = np.unique(np.quantile(values, np.arange(1, 10) / 10, method="inverted_cdf")) if values.size else values
        distributions[name] = {"edges": edges.tolist(), "counts": _counts(values, edges).tolist()}
    return {
        "sketch_version": SKETCH_VERSION,
        "as_of_date": as_of_date.isoformat(),
        "customer_count": summary.height,
        "new_customers_by_week": _weekly_new_customers(summary),
        "distributions": distributions,
    }


def population_stability_index(before: FloatArray, after: FloatArray) -> float:
    """How far two samples' shares in the same bins lie apart: the sum of (q - p) log(q / p) (eq. 39); 0 if equal.

    Args:
        before: Customers per bin, shape (k,). Half a customer is added to every bin of either side.
        after: The same for the other sample.
    """
    p = (before + 0.5) / np.sum(before + 0.5)
    q = (after + 0.5) / np.sum(after + 0.5)
    return float(np.sum((q - p) * np.log(q / p)))


def input_drift(earlier: Mapping[str, Any], summary: pl.DataFrame, *, as_of_date: date) -> list[ForecastCheck]:
    """Hold a run's customers against the sketch of an earlier run, as a rule the last that was published.

    Args:
        earlier: From `input_sketch`; of this day or before.
        summary: The customers now.
        as_of_date: Of the summary.

    Returns:
        One finding per distribution, one for customers that disappeared, one for new customers. An index is notable
        above .1 and above what two samples of this size differ by in one of a thousand cases. None of them blocks.
    """
    since = date.fromisoformat(earlier["as_of_date"])
    elapsed = max(0, (as_of_date - since).days)
    checks = [_customers_stay(earlier["customer_count"], summary.height, since)]
    for name, values in _inputs(summary, known_for_days=elapsed).items():
        known = earlier["distributions"][name]
        before, edges = np.asarray(known["counts"]), np.asarray(known["edges"], dtype=np.float64)
        checks.append(_distribution_check(name, before, _counts(values, edges), since))
    checks.append(_new_customers(earlier["new_customers_by_week"], _weekly_new_customers(summary), since))
    return checks


def nothing_to_compare_with() -> list[ForecastCheck]:
    """The findings of `input_drift` where no earlier run was published."""
    names = ("customers_stay", *(f"{name}_is_stable" for name in _IN_WORDS), "new_customers_are_stable")
    return [_finding(name, "no run of an earlier day was published", has_passed=True) for name in names]


def _finding(name: str, message: str, *, has_passed: bool) -> ForecastCheck:
    return ForecastCheck(name, has_passed, message, is_blocking=False)


def _customers_stay(before: int, now: int, since: date) -> ForecastCheck:
    return _finding(
        "customers_stay",
        f"{now} customers, {before} on {since}: customers do not become fewer but by erasure",
        has_passed=now >= _CUSTOMERS_STAY * before,
    )


def _distribution_check(name: str, before: FloatArray, after: FloatArray, since: date) -> ForecastCheck:
    check, what = f"{name}_is_stable", _IN_WORDS[name]
    if before.size < 2 or before.sum() == 0 or after.sum() == 0:
        return _finding(check, f"{what}: too few different values to compare with {since}", has_passed=True)
    index = population_stability_index(before, after)
    chance = float(chdtri(before.size - 1, 1.0 - _INDEX_BY_CHANCE)) * float(1.0 / before.sum() + 1.0 / after.sum())
    limit = max(_INDEX_IS_NOTABLE, chance)
    return _finding(
        check,
        f"{what}: population stability index {index:.3f} against {since}, notable above {limit:.3f}",
        has_passed=index <= limit,
    )


def _new_customers(before: Sequence[int], now: Sequence[int], since: date) -> ForecastCheck:
    """The last four weeks against the half year before the earlier run: three standard errors, and twice or half."""
    check = "new_customers_are_stable"
    if len(before) < _LEAST_WEEKS or len(now) < _RECENT_WEEKS:
        return _finding(check, f"{len(before)} weeks up to {since} are too few to compare with", has_passed=True)
    usual, recent = float(np.mean(before)), float(np.mean(now[-_RECENT_WEEKS:]))
    # Arrivals scatter by at least the square root of their number.
    scatter = np.sqrt(max(float(np.var(before, ddof=1)), usual))
    beyond = abs(recent - usual) > 3.0 * scatter * np.sqrt(1.0 / _RECENT_WEEKS + 1.0 / len(before))
    changed = max(recent, usual) > _NOTABLE_RATIO * min(recent, usual)
    return _finding(
        check,
        f"{recent:.1f} new customers a week in the last {_RECENT_WEEKS}, {usual:.1f} in the {len(before)} weeks up to "
        f"{since}; notable beyond three standard errors and twice or half as many",
        has_passed=not (beyond and changed),
    )


def level_residuals(table: pl.DataFrame, model_name: str) -> list[LevelResidual]:
    """A contender's totals at all origins, the earliest first.

    Args:
        table: `ml.evaluation.rolling_origins.ROLLING_SCHEMA`.
        model_name: Whose; a contender that says nothing of purchase days has none.
    """
    totals = (
        table.filter(
            (pl.col("model_name") == model_name) & pl.col("metric").is_in(["expected_purchases", "actual_purchases"])
        )
        .pivot("metric", index=["calibration_end_date", "holdout_days"], values="value")
        .sort("calibration_end_date")
    )
    if "expected_purchases" not in totals.columns:
        return []
    rows = totals.select("calibration_end_date", "holdout_days", "expected_purchases", "actual_purchases")
    return [LevelResidual(*row) for row in rows.drop_nulls().iter_rows()]


def residual_drift(residuals: Sequence[LevelResidual], *, model_name: str) -> ForecastCheck:
    """Whether the latest origin's level error lies within the band of the earlier ones.

    The band is the one for a further observation (eq. 40): the mean of the k earlier log ratios, and on either side of
    it Student's t times their standard deviation times sqrt(1 + 1/k). That deviation is not taken to be below 5 %, nor
    below what the number of purchases scatters by. With two earlier origins the band is wide, as it should be.

    Args:
        residuals: At origins of one horizon, the latest last. Origins of earlier runs may come first; those of
            successive nights are nearly the same and must not be counted as many.
        model_name: Whose.
    """
    check = "level_error_is_stable"
    if len(residuals) < 3:
        return _finding(check, f"{len(residuals)} origins are too few to compare one with the others", has_passed=True)
    *earlier, latest = residuals
    ratios = np.array([one.log_ratio for one in earlier])
    scatter = np.sqrt(max(float(np.var(ratios, ddof=1)), _LEVEL_SCATTER**2, 1.0 / max(latest.actual, 1.0)))
    quantile = float(stdtrit(ratios.size - 1, (1.0 + _LEVEL_BAND) / 2.0))
    reach = quantile * scatter * np.sqrt(1.0 + 1.0 / ratios.size)
    low, high = np.expm1(ratios.mean() - reach), np.expm1(ratios.mean() + reach)
    return _finding(
        check,
        f"{model_name} on {latest.calibration_end_date}: {np.expm1(latest.log_ratio):+.1%} purchase days against what "
        f"was expected; {ratios.size} earlier origins leave room for {low:+.1%} to {high:+.1%}",
        has_passed=bool(low <= np.expm1(latest.log_ratio) <= high),
    )
