"""Boosted trees, the same bits on every machine with the same lock: few, small, and grown by one thread.

scikit-learn's histogram gradient boosting draws nothing at random in this setting: all rows, all columns, no early
stopping; the seed is fixed all the same. What remains is the order of additions, which one thread fixes. It gets
features in bins already, for its own take longer than the trees where examples have weights. Importing it takes about a
second, so it is imported when the first tree is grown. Must not know what is learnt.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.estimator import FloatArray

_BINS = 60
_SETTINGS: dict[str, Any] = {
    "max_iter": 60,
    "learning_rate": 0.1,
    "max_leaf_nodes": 8,
    "min_samples_leaf": 50,
    "l2_regularization": 1.0,
    "max_bins": 64,
    "early_stopping": False,
    "random_state": 0,
}


class Loss(StrEnum):
    """What the trees lose: deviances of counts, of positive amounts, and of what happens or does not."""

    POISSON = "poisson"
    GAMMA = "gamma"
    LOG_LOSS = "log_loss"


@dataclass(frozen=True)
class Bins:
    """About equally many examples in each bin of a feature, as far as their values differ.

    Attributes:
        columns: The features that anybody has.
        edges: Of each of them, ascending: where one bin ends and the next begins.
    """

    columns: npt.NDArray[np.int64]
    edges: tuple[FloatArray, ...]

    @classmethod
    def of(cls, features: FloatArray) -> "Bins":
        """From features of shape (n, k), NaN where one does not exist."""
        columns = np.flatnonzero(~np.isnan(features).all(axis=0))
        edges = []
        for column in columns:
            values = np.sort(features[:, column])  # NaN last
            count = int(np.count_nonzero(~np.isnan(values)))
            edges.append(np.unique(values[np.arange(1, _BINS) * count // _BINS]))
        return cls(columns, tuple(edges))

    def places(self, features: FloatArray) -> FloatArray:
        """The bin of every feature in `columns`, from 0 on, NaN where it does not exist; shape (n, len(columns))."""
        found = np.empty((features.shape[0], self.columns.size))
        for place, (column, edges) in enumerate(zip(self.columns, self.edges, strict=True)):
            values = features[:, column]
            found[:, place] = np.where(np.isnan(values), np.nan, np.searchsorted(edges, values))
        return found


@dataclass(frozen=True)
class Trees:
    """Grown trees.

    Attributes:
        model: scikit-learn's.
        bins: What it sees of the features.
        is_probability: Whether they say a probability and not a mean.
    """

    model: Any
    bins: Bins
    is_probability: bool

    def predict(self, features: FloatArray) -> FloatArray:
        """The mean, or the probability, at each row of features of shape (n, k); shape (n,)."""
        if features.shape[0] == 0:
            return np.zeros(0)
        seen = self.bins.places(features)
        with _one_thread():
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
    bins = Bins.of(features)
    chosen = HistGradientBoostingClassifier if is_probability else HistGradientBoostingRegressor
    model = chosen(loss=loss.value, **_SETTINGS)
    with _one_thread():
        model.fit(bins.places(features), target.astype(np.int64) if is_probability else target, sample_weight=weight)
    return Trees(model, bins, is_probability)


def _one_thread() -> AbstractContextManager[object]:
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it ships no types

    limits: AbstractContextManager[object] = threadpool_limits(limits=1)
    return limits
