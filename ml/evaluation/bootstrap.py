"""How far a measure could have come out otherwise with other customers: percentile bootstrap, the same for everything.

One set of resampled customers serves all origins, measures and contenders of a backtest. Differences between contenders
are therefore paired, and a customer who is seen at several origins is drawn or left out at all of them.

Customers are drawn in at most `MOST_GROUPS` random groups, each customer alone where there are no more customers than
that: sums over a group of twelve have a twelfth of the variance per customer, and resampling 2,000 groups finds a
standard error to within 1/sqrt(2 * 2,000), which is 1.6 %, at any number of customers. After one pass over the
customers the cost is that of 2,000 of them. Every measure has to be a function of means over customers; for those of
ranking see `ml.evaluation.influence`.

Must not know what is measured.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import polars as pl

from ml.estimator import FloatArray

REPLICATES = 400
MOST_GROUPS = 2_000
LEVEL = 0.95
# With fewer replicates than this in which a measure is defined, an interval would be about the luckier samples only.
_LEAST_DEFINED = 0.9


@dataclass(frozen=True)
class Sample:
    """Some of the customers of a `Resampling`, such as those known at one origin.

    Attributes:
        group: Each one's group, shape (n,).
        weights: How often each group was drawn, shape (replicates, groups).
        customers: How many of these customers each replicate drew, shape (replicates, 1).
    """

    group: npt.NDArray[np.intp]
    weights: FloatArray
    customers: FloatArray

    def means(self, columns: Sequence[FloatArray]) -> FloatArray:
        """Means over the customers of each replicate, NaN where it drew none of them.

        Args:
            columns: k arrays with one finite number per customer, shape (n,) each; may be none.

        Returns:
            Shape (k, replicates).
        """
        sums = np.zeros((self.weights.shape[1], len(columns)))
        for k, column in enumerate(columns):
            sums[:, k] = np.bincount(self.group, weights=column, minlength=sums.shape[0])
        with np.errstate(invalid="ignore"):
            return np.ascontiguousarray((_weighted(self.weights, sums) / self.customers).T)


def _weighted(weights: FloatArray, sums: FloatArray) -> FloatArray:
    """The matrix product in a fixed order of terms, which a threaded one would change from machine to machine."""
    product: FloatArray = np.einsum("rg,gk->rk", weights, sums, optimize=False)
    return product


@dataclass(frozen=True)
class Resampling:
    """Customers drawn again and again with replacement.

    Attributes:
        members: `customer_id` and `group`, one row per customer.
        weights: How often each group was drawn, shape (replicates, groups).
    """

    members: pl.DataFrame
    weights: FloatArray

    @classmethod
    def of(cls, customer_ids: pl.Series, *, seed: Sequence[int], replicates: int = REPLICATES) -> Self:
        """Draw.

        Args:
            customer_ids: Distinct, in any order: the draws are the same.
            seed: Whole numbers, zero or more. Take them from the data, so that a repeated run draws the same.
            replicates: How often all of them are drawn.
        """
        ordered = customer_ids.sort()
        groups = max(1, min(ordered.len(), MOST_GROUPS))
        rng = np.random.default_rng(list(seed))
        group = rng.permutation(ordered.len()) % groups
        drawn = rng.integers(0, groups, size=(replicates, groups)) + groups * np.arange(replicates)[:, None]
        weights = np.bincount(drawn.ravel(), minlength=replicates * groups).reshape(replicates, groups)
        return cls(pl.DataFrame({"customer_id": ordered, "group": group}), weights.astype(np.float64))

    def sample(self, customer_ids: pl.Series) -> Sample:
        """Some of the customers, in the order given.

        Raises:
            ValueError: One of them was not drawn from.
        """
        found = customer_ids.to_frame("customer_id").join(
            self.members, on="customer_id", how="left", maintain_order="left"
        )["group"]
        if found.null_count():
            raise ValueError(f"{found.null_count()} of {found.len()} customers are not among those drawn from")
        group = found.to_numpy().astype(np.intp)
        size = np.bincount(group, minlength=self.weights.shape[1]).astype(np.float64)
        return Sample(group, self.weights, _weighted(self.weights, size[:, None]))


def interval(replicates: FloatArray) -> tuple[float, float] | tuple[None, None]:
    """The middle `LEVEL` of a measure's replicates; nothing where too many of them are undefined (NaN).

    Args:
        replicates: Shape (replicates,).
    """
    defined = replicates[np.isfinite(replicates)]
    if defined.size == 0 or defined.size < _LEAST_DEFINED * replicates.size:
        return None, None
    low, high = np.quantile(defined, [(1.0 - LEVEL) / 2.0, (1.0 + LEVEL) / 2.0])
    return float(low), float(high)
