"""A level for the season: what the calendar's months sold against the model's course, carried to the horizon's months.

The models know no calendar: with autumns in their past they expect the same of every month. The index of a month is
what the merchant's customers did in it over what the model expected of such customers (eq. 12), shrunk towards 1, and
all forecasts are multiplied by the horizon's mean of it (docs/models.md, section "Contenders"). Rankings stay as they
are.

Must not know a model's mathematics.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl

from ml.contenders.parametric import spend_per_day
from ml.contenders.refusals import refusal
from ml.contenders.stretching import with_hazard
from ml.estimator import FitStatus, FloatArray, PurchaseEstimator
from ml.evaluation.contender import Forecast
from ml.histories.known_history import KnownHistory
from ml.histories.purchase_histories import DistinctPairs
from ml.purchases.bg_nbd import BetaGeometricNbd
from ml.value.churn import churn_probability

# A year, and a month more for a young shop's first weeks, in which nobody has come back yet.
MINIMUM_DAYS = 395
_DAYS_PER_MONTH = 365.25 / 12.0
# Further ahead one year's seasons are as good as another's.
_MONTHS_AHEAD = 25


@dataclass(frozen=True)
class Seasonal:
    """A model's forecast times the level of the months ahead.

    Attributes:
        base: The model of purchases.
    """

    base: type[PurchaseEstimator] = BetaGeometricNbd

    @property
    def name(self) -> str:
        """`seasonal_` and the model's."""
        return f"seasonal_{self.base.name}"

    def forecast(self, history: KnownHistory, *, horizon_days: int, order_horizon_days: int) -> Forecast:
        """See `ml.evaluation.contender.Contender`."""
        if history.days < MINIMUM_DAYS:
            raise refusal(
                self.name,
                FitStatus.HISTORY_TOO_SHORT,
                f"the history is {history.days} days long; a season takes {MINIMUM_DAYS} to be seen. Load an earlier "
                "history",
                history,
            )
        purchases = history.fitted(self.base)
        index = history.once(("month index", self.base), lambda: month_index(history, purchases))
        level = horizon_level(history, purchases, index, horizon_days=horizon_days)
        counts = level * purchases.expected_purchases(history.summary, horizon_days)
        orders = 1.0 - churn_probability(purchases, history.summary, horizon_days=order_horizon_days)
        order_level = horizon_level(history, purchases, index, horizon_days=order_horizon_days)
        per_day = spend_per_day(history)
        return Forecast(
            model_name=self.name,
            score=counts,
            order_probability=with_hazard(orders, order_level),
            purchase_count=counts,
            spend=None if per_day is None else counts * per_day,
        )


def month_index(history: KnownHistory, purchases: PurchaseEstimator) -> FloatArray:
    """What a month of the year sells against an even year, January first, shape (12,); 1 is no season.

    A month's ratio of repeat purchase days to those that the model expected of customers of these ages is drawn to 1 by
    the share of its deviation that is the month's own: s / (s + s / n + 1 / E). E is its expectation, so that 1 / E is
    chance's part; s the months' variance beyond chance; and n the years in which the month was seen, for what one
    year's month did differently is taken to be that year's as likely as every year's.
    """
    made, expected = _repeat_purchases_by_day(history, purchases)
    first = history.as_of_date - timedelta(days=history.days)
    months = pl.date_range(first, history.as_of_date, eager=True).dt.month().to_numpy() - 1
    actual, course, days = (
        np.bincount(months, weights=values, minlength=12) for values in (made, expected, np.ones(made.size))
    )
    if not (actual.sum() > 0 and course.sum() > 0):
        return np.ones(12)
    course = course * (actual.sum() / course.sum())
    is_seen = course > 0
    deviation = np.divide(actual, course, out=np.ones(12), where=is_seen) - 1.0
    by_chance = np.divide(1.0, course, out=np.zeros(12), where=is_seen)
    spread = max(0.0, float(np.sum(course * (deviation**2 - by_chance)) / np.sum(course)))
    if spread == 0.0:
        return np.ones(12)
    years = days / _DAYS_PER_MONTH
    own: FloatArray = is_seen * spread / (spread * (1.0 + 1.0 / years) + by_chance)
    index: FloatArray = 1.0 + own * deviation
    return index


def horizon_level(
    history: KnownHistory, purchases: PurchaseEstimator, index: FloatArray, *, horizon_days: int
) -> float:
    """The mean index of a horizon's months, weighted by what the model expects of all customers in each."""
    months, ends = _months_ahead(history.as_of_date, horizon_days)
    pairs = DistinctPairs.of(history.summary)
    alive = np.bincount(
        pairs.position, weights=purchases.probability_alive(history.summary), minlength=pairs.frequency.size
    )
    horizons = np.tile(ends, (pairs.frequency.size, 1))
    while_alive = purchases.expected_purchases_while_alive(pairs.frequency, pairs.age_days, horizons)
    expected = np.diff((alive[:, None] * while_alive).sum(axis=0), prepend=0.0)
    if not expected.sum() > 0:
        return 1.0
    return float(np.sum(expected * np.append(index, index.mean())[months]) / np.sum(expected))


def _months_ahead(as_of_date: date, horizon_days: int) -> tuple[npt.NDArray[np.int64], FloatArray]:
    """The months after a day, 0 to 11, with the days from it to each one's end; 12 is all that is too far ahead."""
    months: list[int] = []
    ends: list[int] = []
    start = as_of_date + timedelta(days=1)
    while (not ends or ends[-1] < horizon_days) and len(ends) < _MONTHS_AHEAD:
        following = date(start.year + start.month // 12, start.month % 12 + 1, 1)
        months.append(start.month - 1)
        ends.append(min(horizon_days, (following - as_of_date).days - 1))
        start = following
    if ends[-1] < horizon_days:
        months.append(12)
        ends.append(horizon_days)
    return np.array(months, dtype=np.int64), np.array(ends, dtype=np.float64)


def _repeat_purchases_by_day(history: KnownHistory, purchases: PurchaseEstimator) -> tuple[FloatArray, FloatArray]:
    """Repeat purchase days made and expected on each day of a history, shape (days + 1,) each."""
    ago = (pl.lit(history.as_of_date) - pl.col("purchase_date")).dt.total_days()
    bought = history.days - history.net_days.select(ago).to_series().to_numpy()
    came = history.days - history.summary["age_days"].cast(pl.Int64).to_numpy()
    arrivals = np.bincount(came, minlength=history.days + 1).astype(np.float64)
    made = np.bincount(bought, minlength=history.days + 1) - arrivals
    by_age = np.diff(purchases.expected_repeat_purchases(np.arange(history.days + 1.0)), prepend=0.0)
    return made, np.convolve(arrivals, by_age)[: history.days + 1]
