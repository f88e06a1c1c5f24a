"""From the horizon that a history can teach to the one that is asked for.

What is learnt over 90 days says nothing of 365 but for a model of how purchases go on and end. The parametric base has
one, so its ratios carry a learnt figure on (docs/models.md, section "Contenders"). Must not learn anything.
"""

import numpy as np
import polars as pl

from ml.estimator import FloatArray, PurchaseEstimator
from ml.value.churn import churn_probability


def stretched_count(
    count: FloatArray, base: PurchaseEstimator, summary: pl.DataFrame, *, learnt_days: int, asked_days: int
) -> FloatArray:
    """Expected purchase days of another horizon: times the base's E[Y(asked)] / E[Y(learnt)], shape (n,)."""
    if learnt_days == asked_days:
        return count
    short, long = (base.expected_purchases(summary, days) for days in (learnt_days, asked_days))
    # Where the base expects nothing that a float can hold, its course is even.
    ratio: FloatArray = np.divide(long, short, out=np.full(count.size, asked_days / learnt_days), where=short > 1e-300)
    return count * ratio


def stretched_probability(
    probability: FloatArray, base: PurchaseEstimator, summary: pl.DataFrame, *, learnt_days: int, asked_days: int
) -> FloatArray:
    """P(orders) within another horizon: log P(silent) times the base's ratio of the same, shape (n,)."""
    if learnt_days == asked_days:
        return probability
    short, long = (
        np.log(np.maximum(churn_probability(base, summary, horizon_days=days), 1e-300))
        for days in (learnt_days, asked_days)
    )
    ratio: FloatArray = np.divide(
        long, short, out=np.full(probability.size, asked_days / learnt_days), where=short < -1e-300
    )
    return with_hazard(probability, ratio)


def with_hazard(probability: FloatArray, factor: FloatArray | float) -> FloatArray:
    """P(orders) if its hazard were a multiple: 1 - (1 - P) ** factor, shape (n,); stays within 0 and 1."""
    result: FloatArray = -np.expm1(factor * np.log1p(-np.minimum(probability, 1.0 - 1e-15)))
    return result
