"""Measures of forecasts against outcomes. Undefined is None, never NaN, and ties count half on both sides.

Must not know where forecasts or outcomes come from.
"""

from collections.abc import Callable

import numpy as np
import polars as pl

from ml.estimator import FloatArray

Metric = Callable[[FloatArray, FloatArray], float | None]


def average_ranks(values: FloatArray) -> FloatArray:
    """Ranks from 1 in ascending order; equal values share the mean of theirs."""
    return pl.Series(values).rank("average").to_numpy()


def bias(expected: FloatArray, actual: FloatArray) -> float | None:
    """Mean of expected minus actual; above zero is too optimistic."""
    return float(np.mean(expected - actual)) if actual.size else None


def mean_absolute_error(expected: FloatArray, actual: FloatArray) -> float | None:
    """Mean absolute difference."""
    return float(np.mean(np.abs(expected - actual))) if actual.size else None


def root_mean_squared_error(expected: FloatArray, actual: FloatArray) -> float | None:
    """Root of the mean squared difference."""
    return float(np.sqrt(np.mean((expected - actual) ** 2))) if actual.size else None


def weighted_absolute_percentage_error(expected: FloatArray, actual: FloatArray) -> float | None:
    """WAPE: the sum of absolute differences over the sum of what happened; None when nothing happened.

    It reads as "wrong by so much of the total" and can be compared between merchants, which a mean error cannot.
    """
    total = float(np.sum(actual))
    return float(np.sum(np.abs(expected - actual))) / total if total > 0 else None


def spearman(score: FloatArray, actual: FloatArray) -> float | None:
    """Rank correlation with tied ranks averaged; None when either side does not vary."""
    if actual.size < 2:
        return None
    a, b = average_ranks(score), average_ranks(actual)
    a, b = a - a.mean(), b - b.mean()
    size = float(np.sqrt(np.sum(a * a) * np.sum(b * b)))
    return float(np.sum(a * b)) / size if size > 0 else None


def normalised_gini(score: FloatArray, actual: FloatArray) -> float | None:
    """How far a ranking gathers what happened at its top: 1 as well as can be, 0 as chance, below 0 upside down.

    The covariance of what happened with the score's ranks over that with its own ranks (docs/models.md, eq. 36): the
    Gini coefficient of the concentration curve over that of the Lorenz curve. None when all customers did the same.
    """
    if actual.size < 2:
        return None
    best = _rank_covariance(actual, actual)
    return _rank_covariance(score, actual) / best if best > 0 else None


def _rank_covariance(score: FloatArray, actual: FloatArray) -> float:
    ranks = average_ranks(score)
    return float(np.sum((ranks - ranks.mean()) * actual))


def top_decile_capture(score: FloatArray, actual: FloatArray) -> float | None:
    """The share of all that happened which the tenth of customers with the highest scores accounts for.

    Customers tied at the edge of that tenth count in part, so the order of rows does not matter. None when nothing
    happened.
    """
    total = float(np.sum(actual))
    if actual.size == 0 or total <= 0:
        return None
    seats = actual.size / 10.0
    edge = np.sort(score)[::-1][int(np.ceil(seats)) - 1]
    above, tied = score > edge, score == edge
    share = (seats - int(above.sum())) / int(tied.sum())
    return float(np.sum(actual[above]) + share * np.sum(actual[tied])) / total


def area_under_curve(score: FloatArray, happened: FloatArray) -> float | None:
    """The probability that somebody to whom it happened has a higher score than somebody to whom it did not."""
    positives = int(np.sum(happened > 0))
    negatives = happened.size - positives
    if positives == 0 or negatives == 0:
        return None
    ranks = float(np.sum(average_ranks(score)[happened > 0]))
    return (ranks - positives * (positives + 1) / 2.0) / (positives * negatives)


def brier_score(probability: FloatArray, happened: FloatArray) -> float | None:
    """Mean squared difference of a probability and what happened (0 or 1)."""
    return float(np.mean((probability - happened) ** 2)) if happened.size else None
