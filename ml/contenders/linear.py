"""Linear heads with a ridge: for a mean by least squares, for a probability by logistic regression.

Few parameters and sums of one order: a head is fitted in milliseconds, and the same bits come out whatever the number
of threads. Must not know what the columns mean.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from ml.estimator import FloatArray

# As if so many examples had been seen that say nothing, per coefficient of a column with variance 1.
_RIDGE = 1.0
_FURTHEST = 4.0
_PASSES = 25
_SETTLED = 1e-9


@dataclass(frozen=True)
class Scale:
    """Columns on one scale: logarithms, as durations, counts and amounts are skewed, centred and divided by deviations.

    Attributes:
        centre: Means of the logarithms, shape (k,).
        deviation: Their standard deviations; 1 where a column does not vary.
    """

    centre: FloatArray
    deviation: FloatArray

    @classmethod
    def of(cls, columns: FloatArray) -> "Scale":
        """From columns of shape (n, k), zero or more, NaN where a figure does not exist."""
        logs = np.log1p(columns)
        is_there = ~np.isnan(logs)
        seen = np.maximum(is_there.sum(axis=0), 1)
        centre = np.where(is_there, logs, 0.0).sum(axis=0) / seen
        variance = np.where(is_there, (logs - centre) ** 2, 0.0).sum(axis=0) / seen
        return cls(centre, np.where(variance > 1e-12, np.sqrt(variance), 1.0))

    def design(self, columns: FloatArray) -> FloatArray:
        """A constant and the scaled columns, shape (n, 1 + k): the mean where a figure is missing.

        No further out than a few deviations: a line says nothing about those unlike all that it was drawn through.
        """
        scaled = np.nan_to_num((np.log1p(columns) - self.centre) / self.deviation)
        return np.column_stack([np.ones(columns.shape[0]), scaled.clip(-_FURTHEST, _FURTHEST)])


def linear(design: FloatArray, coefficients: FloatArray) -> FloatArray:
    """The linear predictor of each row, shape (n,); no threaded product, whose last digits differ between machines."""
    result: FloatArray = (design * coefficients).sum(axis=1)
    return result


def mean_head(design: FloatArray, target: FloatArray) -> FloatArray:
    """Coefficients of a mean by least squares with a ridge on all but the constant, shape (1 + k,)."""
    return _solved(design, np.ones(target.size), target, np.zeros(design.shape[1]))


def probability_head(design: FloatArray, happened: FloatArray) -> FloatArray:
    """Coefficients of a logit by maximum likelihood with a ridge on all but the constant, shape (1 + k,).

    Newton's method from the observed share; the ridge keeps it inside where columns tell the two apart for certain.
    """
    share = (happened.sum() + 0.5) / (happened.size + 1.0)
    coefficients = np.zeros(design.shape[1])
    coefficients[0] = np.log(share / (1.0 - share))
    for _ in range(_PASSES):
        probability = expit(linear(design, coefficients))
        weight = np.maximum(probability * (1.0 - probability), 1e-12)
        step = _solved(design, weight, (happened - probability) / weight, coefficients)
        coefficients = coefficients + step
        if np.abs(step).max() < _SETTLED:
            break
    return coefficients


def _solved(design: FloatArray, weight: FloatArray, target: FloatArray, so_far: FloatArray) -> FloatArray:
    """The step of weighted least squares towards a target, with a ridge on where it ends."""
    size = design.shape[1]
    ridge = np.full(size, _RIDGE)
    ridge[0] = 0.0
    normal, moment = np.diag(ridge), -ridge * so_far
    for row in range(size):
        weighted = weight * design[:, row]
        moment[row] += np.sum(weighted * target)
        for other in range(row, size):
            normal[row, other] += np.sum(weighted * design[:, other])
            normal[other, row] = normal[row, other]
    return np.asarray(np.linalg.solve(normal, moment), dtype=np.float64)
