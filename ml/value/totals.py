"""What all customers of a month of acquisition, or of a merchant, will do together, with bands.

Single customers' errors cancel in a sum, and what makes it wrong is what all forecasts share: a season, a trend, a
model that does not hold. That is learnt from how far off the totals were at past origins. Of customers who exist: what
new ones bring is in no total. Must not know a model by name.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Self

import numpy as np
import polars as pl
from scipy.special import stdtrit

from ml.estimator import FloatArray, SpendEstimator
from ml.value.intervals import PredictiveDistributions
from ml.value.purchase_counts import refuse_levels
from models.errors import StopError

# What is held of a merchant without a past: totals 15% off, as if one origin had told so. CDNOW's were off by -13% to
# 11% over five origins, and shops with a season were by up to 25%.
_TYPICAL_LOG_ERROR = 0.15
_ORIGINS_OF_TYPICAL = 1
# Of a total that is next to nothing a band says nothing; its ends stay numbers.
_WIDEST_LOG = 20.0

TOTALS_SCHEMA = pl.Schema(
    {
        "cohort_month": pl.Date(),
        "customer_count": pl.Int64(),
        "expected": pl.Float64(),
        "low": pl.Float64(),
        "high": pl.Float64(),
    }
)


@dataclass(frozen=True)
class Moments:
    """Mean and variance of each customer's outcome, given the models.

    Attributes:
        mean: Shape (n,).
        variance: Shape (n,), in the square of the mean's unit.
    """

    mean: FloatArray
    variance: FloatArray

    def times(self, factor: FloatArray) -> Self:
        """Of outcomes so many times as large, shape (n,)."""
        return type(self)(self.mean * factor, self.variance * factor**2)


def count_moments(predicted: PredictiveDistributions) -> Moments:
    """Of purchase days within the horizon."""
    mean, second = predicted.counts.moments()
    return Moments(mean, np.maximum(second - mean**2, 0.0))


def spend_moments(predicted: PredictiveDistributions, spend: SpendEstimator, summary: pl.DataFrame) -> Moments:
    """Of spend within the horizon, in the merchant's currency (eq. 58); `times` the discount, those of value."""
    count, count_second = predicted.counts.moments()
    day = spend.expected_spend(summary)
    within, between = spend.spend_variances(summary)
    mean = count * day
    second = count * within + count_second * (between + day**2)
    return Moments(mean, np.maximum(second - mean**2, 0.0))


@dataclass(frozen=True)
class OriginTotal:
    """A total as it was expected on a past day, and as it came.

    Attributes:
        expected: The sum of the means.
        variance: The sum of the variances.
        actual: What came.
    """

    expected: float
    variance: float
    actual: float


@dataclass(frozen=True)
class LevelError:
    """How far off totals are beyond what chance makes of single customers, as a variance of logarithms (eq. 59).

    Attributes:
        log_variance: Of actual over expected.
        origin_count: Origins that it was learnt from.
    """

    log_variance: float
    origin_count: int

    @classmethod
    def learnt(cls, origins: Sequence[OriginTotal]) -> Self:
        """From totals at past origins, and from what is typical as if that were one more.

        An origin without expectation or outcome says nothing.
        """
        seen = [
            np.log(origin.actual / origin.expected) ** 2 - origin.variance / origin.expected**2
            for origin in origins
            if origin.expected > 0 and origin.actual > 0
        ]
        typical = _ORIGINS_OF_TYPICAL * _TYPICAL_LOG_ERROR**2
        return cls(max(float(typical + sum(seen)), 0.0) / (_ORIGINS_OF_TYPICAL + len(seen)), len(seen))

    def log_width(self, relative_variance: FloatArray, level: float) -> FloatArray:
        """Half a band's width in logarithms, of totals with given variances over their squares (eq. 60).

        Raises:
            StopError: The level is no probability between 0 and 1.
        """
        refuse_levels(np.array([level]))
        quantile = float(stdtrit(_ORIGINS_OF_TYPICAL + self.origin_count, (1.0 + level) / 2.0))
        result: FloatArray = quantile * np.sqrt(self.log_variance + relative_variance)
        return result


def cohort_totals(
    summary: pl.DataFrame, moments: Moments, error: LevelError, *, as_of_date: date, level: float
) -> pl.DataFrame:
    """Totals of all customers and of those acquired in each month, with bands at a level.

    Args:
        summary: Purchase summary of n customers.
        moments: Of what is totalled, in the summary's order.
        error: Of the merchant's totals; a cohort's is taken to be no larger.
        as_of_date: The summary's.
        level: Such as 0.8.

    Returns:
        `TOTALS_SCHEMA`, by month, the row of all customers (a null month) last; the same whatever the order of rows.

    Raises:
        StopError: The level is no probability, or the moments are of other customers.
    """
    if moments.mean.size != summary.height:
        raise StopError(f"moments of {moments.mean.size} customers do not belong to a summary of {summary.height}")
    age = pl.duration(days=pl.col("age_days").cast(pl.Int64))
    each = (
        summary.select("age_days")
        .with_columns(mean=pl.Series(moments.mean), variance=pl.Series(moments.variance))
        .with_columns((pl.lit(as_of_date) - age).dt.month_start().cast(pl.Date).alias("cohort_month"))
        .sort("cohort_month", "mean", "variance")
    )
    # One order of adding, so that the last digits do not depend on that of the rows.
    months, begin = np.unique(each["cohort_month"].to_numpy(), return_index=True)
    expected, variance = (
        np.add.reduceat(each[name].to_numpy(), begin) if months.size else np.zeros(0) for name in ("mean", "variance")
    )
    count = np.diff(np.append(begin, each.height))
    expected, variance = np.append(expected, expected.sum()), np.append(variance, variance.sum())
    relative = np.divide(variance, expected**2, out=np.zeros_like(variance), where=expected > 0)
    fold = np.exp(np.minimum(error.log_width(relative, level), _WIDEST_LOG))
    return pl.DataFrame(
        {
            "cohort_month": [*each["cohort_month"].unique(maintain_order=True), None],
            "customer_count": np.append(count, summary.height),
            "expected": expected,
            "low": expected / fold,
            "high": expected * fold,
        },
        schema=TOTALS_SCHEMA,
    )
