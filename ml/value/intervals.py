"""Intervals for what each customer will do: purchase days, spend and lifetime value, at any level.

The value's distribution is that of spend, scaled by what a customer's expected purchases lose by discounting (eq. 55).
Must not know a model by name, and leaves rounding to the caller.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import polars as pl

from ml.estimator import FloatArray, PurchaseEstimator, SpendEstimator
from ml.value.lifetime_value import discounted_purchases_while_alive
from ml.value.purchase_counts import PurchaseCounts, refuse_levels
from ml.value.recalibration import Recalibration
from ml.value.spend_totals import SpendTotals
from models.errors import StopError


@dataclass(frozen=True)
class Interval:
    """Bounds that enclose an outcome with a probability of at least a level.

    What lies below `low` has a probability of at most (1 - level) / 2, what lies above `high` too. Counts are whole, so
    their intervals enclose more than the level.

    Attributes:
        low: Shape (n,).
        high: Shape (n,).
    """

    low: FloatArray
    high: FloatArray

    def times(self, factor: FloatArray) -> Self:
        """The interval of an outcome that is expected to be so many times as large, shape (n,)."""
        return type(self)(self.low * factor, self.high * factor)


@dataclass(frozen=True)
class PredictiveDistributions:
    """The distributions of purchase days, spend and discounted spend within a horizon, of n customers.

    Attributes:
        counts: Of purchase days.
        totals: Of spend; None without a model of it.
        discount: Each customer's discounted expected purchases over the expected ones, shape (n,); up to 1.
        factor: How many times as many purchase days, and as much spend, somebody else expects of each, shape (n,),
            beyond what `counts` has taken in (`PurchaseCounts.likelier`); None is once.
        spend_factor: How many times the spend of as many purchase days, shape (n,); None is once.
    """

    counts: PurchaseCounts
    totals: SpendTotals | None
    discount: FloatArray
    factor: FloatArray | None = None
    spend_factor: FloatArray | None = None

    @classmethod
    def of(
        cls,
        purchases: PurchaseEstimator,
        spend: SpendEstimator | None,
        summary: pl.DataFrame,
        *,
        horizon_days: float,
        annual_discount_rate: float,
        factor: FloatArray | None = None,
        spend_factor: FloatArray | None = None,
    ) -> Self:
        """The distributions given each customer's history.

        Args:
            purchases: A fitted model of purchases.
            spend: A fitted model of spend, if there is one.
            summary: Purchase summary of n customers.
            horizon_days: Zero or more.
            annual_discount_rate: A share a year.
            factor: How many times the model's forecast is expected of each customer, shape (n,), zero or more (eq. 61).
            spend_factor: How many times the model's spend of as many purchase days, likewise.

        Raises:
            StopError: A horizon, rate or factor without meaning.
        """
        for given in (factor, spend_factor):
            if given is not None and not (given.shape == (summary.height,) and _are_factors(given)):
                raise StopError("a factor is finite and not negative, one for each customer")
        counts = PurchaseCounts.of(purchases, summary, horizon_days=horizon_days)
        if factor is not None:
            counts, factor = counts.likelier(factor)
        pairs = counts.pairs
        discounted = discounted_purchases_while_alive(
            purchases, pairs, horizon_days=horizon_days, annual_discount_rate=annual_discount_rate
        )
        horizons = np.full((pairs.frequency.size, 1), float(horizon_days))
        plain = purchases.expected_purchases_while_alive(pairs.frequency, pairs.age_days, horizons)[:, 0]
        with np.errstate(divide="ignore", invalid="ignore"):
            discount = np.where(plain > 0, discounted / plain, 1.0)
        totals = None if spend is None else SpendTotals.of(counts, spend, summary)
        return cls(counts, totals, discount[pairs.position], factor, spend_factor)

    def count_interval(self, level: float, recalibration: Recalibration | None = None) -> Interval:
        """The interval of purchase days at a level such as 0.8, after a recalibration if there is one.

        Raises:
            StopError: The level is no probability between 0 and 1.
        """
        low, high = self.counts.quantiles(_ends(level, recalibration), factor=self.factor).T
        return Interval(low, high)

    def spend_interval(self, level: float, recalibration: Recalibration | None = None) -> Interval | None:
        """The interval of spend, in the merchant's currency; None without a model of spend."""
        if self.totals is None:
            return None
        low, high = self.totals.quantiles(_ends(level, recalibration)).T
        return Interval(low, high).times(self.times_spend)

    @property
    def times_spend(self) -> FloatArray:
        """What `totals` are multiplied by, shape (n,)."""
        once = np.ones(self.discount.size)
        return (once if self.factor is None else self.factor) * (
            once if self.spend_factor is None else self.spend_factor
        )

    def value_interval(self, level: float, recalibration: Recalibration | None = None) -> Interval | None:
        """The interval of discounted spend, in the merchant's currency; None without a model of spend."""
        spend = self.spend_interval(level, recalibration)
        return None if spend is None else spend.times(self.discount)


def _are_factors(factor: FloatArray) -> bool:
    return bool((np.isfinite(factor) & (factor >= 0)).all())


def _ends(level: float, recalibration: Recalibration | None) -> FloatArray:
    """The probabilities of being below either end."""
    refuse_levels(np.array([level]))
    tail = (1.0 - level) / 2.0
    ends = np.array([tail, 1.0 - tail])
    return ends if recalibration is None else recalibration.raw_levels(ends)
