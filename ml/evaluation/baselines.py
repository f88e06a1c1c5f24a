"""The forecasts that a model has to beat: the same rate carried on, and recency alone as a ranking.

Must not fit anything.
"""

import numpy as np
import polars as pl

from ml.estimator import FloatArray, column, refuse_horizon

NAIVE = "naive"
RECENCY = "recency"


def same_rate_purchases(summary: pl.DataFrame, *, horizon_days: float) -> FloatArray:
    """Purchase days within a horizon if everybody went on at their own rate so far, x / T; 0 on their first day.

    Returns:
        Shape (n,).
    """
    refuse_horizon(horizon_days)
    x, age = column(summary, "frequency"), column(summary, "age_days")
    return np.where(age > 0, x / np.maximum(age, 1e-300), 0.0) * horizon_days


def same_rate_order_probability(summary: pl.DataFrame, *, horizon_days: float) -> FloatArray:
    """P(at least one purchase day within a horizon) of purchases at random times at the rate so far, shape (n,)."""
    return -np.expm1(-same_rate_purchases(summary, horizon_days=horizon_days))


def own_mean_spend(summary: pl.DataFrame) -> FloatArray | None:
    """Each customer's own mean spend so far; without one, the mean over all repeat spend days.

    Returns:
        Shape (n,); None when nobody has repeat spend.
    """
    count, mean = column(summary, "spend_day_count"), column(summary, "monetary_value")
    has_own = count > 0
    if not has_own.any():
        return None
    overall = float(np.sum(count[has_own] * mean[has_own]) / np.sum(count[has_own]))
    own: FloatArray = np.where(has_own, mean, overall)
    return own


def recency_score(summary: pl.DataFrame) -> FloatArray:
    """A ranking: the fewer days since the last purchase day, the higher. Minus those days, shape (n,)."""
    return column(summary, "recency_days") - column(summary, "age_days")
