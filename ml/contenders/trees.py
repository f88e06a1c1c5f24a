"""Boosted trees, the same bits on every machine with the same lock: few, small, and grown by one thread.

scikit-learn's histogram gradient boosting draws nothing at random in this setting: all rows, all columns, no early
stopping, and below the 200,000 rows from which it would take a sample for its bins; the seed is fixed all the same.
What remains is the order of additions, which one thread fixes. Importing it takes about a second, so it is imported
when the first tree is grown. Must not know what is learnt.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.estimator import FloatArray

_SETTINGS: dict[str, Any] = {
    "max_iter": 60,
    "learning_rate": 0.1,
    "max_leaf_nodes": 8,
    "min_samples_leaf": 50,
    "l2_regularization": 1.0,
    "max_bins": 63,
    "early_stopping": False,
    "random_state": 0,
}


class Loss(StrEnum):
    """What the trees lose: deviances of counts, of positive amounts, and of what happens or does not."""

    POISSON = "poisson"
    GAMMA = "gamma"
    LOG_LOSS = "log_loss"


@dataclass(frozen=True)
class Trees:
    """Grown trees.

    Attributes:
        model: scikit-learn's.
        columns: The features they saw; a feature that nobody had is left out.
        is_probability: Whether they say a probability and not a mean.
    """

    model: Any
    columns: npt.NDArray[np.int64]
    is_probability: bool

    def predict(self, features: FloatArray) -> FloatArray:
        """The mean, or the probability, at each row of features of shape (n, k); shape (n,)."""
        if features.shape[0] == 0:
            return np.zeros(0)
        with _one_thread():
            seen = features[:, self.columns]
            found = self.model.predict_proba(seen)[:, 1] if self.is_probability else self.model.predict(seen)
        return np.asarray(found, dtype=np.float64)


def grow(loss: Loss, features: FloatArray, target: FloatArray, weight: FloatArray | None = None) -> Trees:
    """Trees of a target.

    Args:
        loss: See `Loss`.
        features: Shape (n, k), NaN where a feature does not exist.
        target: Shape (n,): counts, positive amounts, or 0 and 1.
        weight: Shape (n,); None is 1 for all.

    Returns:
        The grown trees.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    is_probability = loss is Loss.LOG_LOSS
    columns = np.flatnonzero(~np.isnan(features).all(axis=0))
    chosen = HistGradientBoostingClassifier if is_probability else HistGradientBoostingRegressor
    model = chosen(loss=loss.value, **_SETTINGS)
    with _one_thread():
        model.fit(features[:, columns], target.astype(np.int64) if is_probability else target, sample_weight=weight)
    return Trees(model, columns, is_probability)


def _one_thread() -> AbstractContextManager[object]:
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it ships no types

    limits: AbstractContextManager[object] = threadpool_limits(limits=1)
    return limits
