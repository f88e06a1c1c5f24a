"""How much each customer will spend within a horizon, as a distribution.

A mixture over how often they buy (docs/models.md, eq. 54). Over a scale of the customer's own it depends on (x, T) and
the number of spend days only, so it is tabulated once per distinct triple, and only for those whose tables are asked
for: most customers will not buy, and their quantiles are zero. Must not know a model by name.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import polars as pl

from ml.estimator import FloatArray, RelativeTotals, SpendEstimator, column
from ml.value.purchase_counts import PurchaseCounts, refuse_levels

IntArray = npt.NDArray[np.int64]

# Counts whose tail weighs less than this are one: it moves no probability by more.
_NEGLIGIBLE = 1e-5
_CELLS_AT_ONCE = 1 << 19
_LARGEST_LOGARITHM = 700.0


@dataclass(frozen=True)
class SpendTotals:
    """The distribution of spend within a horizon, for n customers.

    Every purchase day is taken for one with spend.

    Attributes:
        counts: The distribution of their purchase days within it.
        spend: A fitted model of spend.
        scale: Each customer's scale, in the merchant's currency, shape (n,).
        spend_day_count: Their spend days so far, shape (n,).
    """

    counts: PurchaseCounts
    spend: SpendEstimator
    scale: FloatArray
    spend_day_count: FloatArray

    @classmethod
    def of(cls, counts: PurchaseCounts, spend: SpendEstimator, summary: pl.DataFrame) -> Self:
        """The distributions given each customer's history; `counts` is of the same summary."""
        return cls(counts, spend, spend.spend_scale(summary), column(summary, "spend_day_count"))

    def quantiles(self, levels: FloatArray) -> FloatArray:
        """The spend that is not exceeded with given probabilities.

        Args:
            levels: Probabilities, shape (k,), each from 0 to 1 exclusive.

        Returns:
            Shape (n, k), in the merchant's currency; the probability of what is returned is within 0.002 of the level.
        """
        refuse_levels(levels)
        none = self.counts.of_none()
        result = np.zeros((none.size, levels.size))
        # Among those who buy, the level is that of their spend.
        with np.errstate(divide="ignore", invalid="ignore"):
            among = (levels - none[:, None]) / (1.0 - none[:, None])
        asked = np.flatnonzero(none < levels.max(initial=0.0))
        for customers, row, totals, mixture in self._tables(asked):
            for k in range(levels.size):
                buys = among[customers, k] > 0
                at = _inverse(totals, mixture, row[buys], among[customers, k][buys])
                result[customers[buys], k] = self.scale[customers[buys]] * np.exp(at)
        return result

    def at_most(self, amounts: FloatArray) -> FloatArray:
        """P(spend of at most so much) of each customer; amounts of shape (n,), zero or more."""
        none = self.counts.of_none()
        result = none.copy()
        asked = np.flatnonzero((amounts > 0) & (none < 1.0))
        for customers, row, totals, mixture in self._tables(asked):
            at = np.log(amounts[customers] / self.scale[customers])
            result[customers] += (1.0 - none[customers]) * _interpolated(totals, mixture, row, at)
        return np.minimum(result, 1.0)

    def _tables(self, asked: IntArray) -> Iterator[tuple[IntArray, IntArray, RelativeTotals, FloatArray]]:
        """Piece by piece: customers, each one's row, and P(spend over scale is at most …, given that they buy)."""
        counts, place = self.counts, self.counts.pairs.position
        most = int(self.spend_day_count.max(initial=0.0)) + 1
        triples, member = np.unique(
            self.spend_day_count[asked].astype(np.int64) * counts.start.size + place[asked], return_inverse=True
        )
        order = np.argsort(member, kind="stable")
        begins = np.searchsorted(member[order], np.arange(triples.size + 1))
        spend_days, pair = np.divmod(triples, counts.start.size)
        last = _last_count(counts)[pair]
        # Rows of like length share a table and its width.
        group = np.ceil(np.log2(last)).astype(np.int64) * most + spend_days
        for each in np.unique(group):
            members = np.flatnonzero(group == each)
            longest = int(last[members].max())
            totals = self.spend.relative_totals(float(spend_days[members[0]]), longest)
            at_once = max(1, _CELLS_AT_ONCE // totals.log_totals.size)
            for begin in range(0, members.size, at_once):
                rows = members[begin : begin + at_once]
                mixture = np.einsum(
                    "ik,kj->ij", _weights(counts, pair[rows], last[rows], longest), totals.probabilities
                )
                sizes = begins[rows + 1] - begins[rows]
                offsets = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)
                customers = asked[order[np.repeat(begins[rows], sizes) + offsets]]
                yield customers, np.repeat(np.arange(rows.size), sizes), totals, mixture


def _last_count(counts: PurchaseCounts) -> IntArray:
    """For each pair the count beyond which next to nothing lies, one at least, shape (m,)."""
    enough = counts.exceeding[counts.start] * _NEGLIGIBLE
    low, high = np.zeros(counts.start.size, dtype=np.int64), counts.highest + 1
    while (high - low > 1).any():
        middle = (low + high) // 2
        exceeds = counts.exceeding[counts.start + middle] > enough
        low, high = np.where(exceeds, middle, low), np.where(exceeds, high, middle)
    return high


def _weights(counts: PurchaseCounts, pairs: IntArray, last: IntArray, longest: int) -> FloatArray:
    """P(Y = k | alive, Y > 0) for k = 1 … `longest`, all beyond a pair's own last count in that: shape (m, longest)."""
    k = np.arange(1, longest + 1)
    start = counts.start[pairs][:, None]
    inside = np.minimum(k, last[:, None])
    weights = np.where(k <= last[:, None], counts.probabilities[start + inside], 0.0)
    rows = np.arange(pairs.size)
    weights[rows, last - 1] += counts.exceeding[start[:, 0] + last]
    result: FloatArray = weights / weights.sum(axis=1, keepdims=True)
    return result


def _interpolated(totals: RelativeTotals, mixture: FloatArray, row: IntArray, at: FloatArray) -> FloatArray:
    """The probabilities of logarithms of total over scale."""
    y = totals.log_totals
    step = y[1] - y[0]
    place = np.clip(np.floor((at - y[0]) / step), 0, y.size - 2).astype(np.int64)
    low, high = mixture[row, place], mixture[row, place + 1]
    share = (at - y[0]) / step - place
    inside = low + share * (high - low)
    below = mixture[row, 0] * np.exp(totals.low_power * np.minimum(at - y[0], 0.0))
    above = 1.0 - (1.0 - mixture[row, -1]) * np.exp(-totals.high_power * np.maximum(at - y[-1], 0.0))
    result: FloatArray = np.where(share < 0, below, np.where(share > 1, above, inside))
    return result


def _inverse(totals: RelativeTotals, mixture: FloatArray, row: IntArray, levels: FloatArray) -> FloatArray:
    """The logarithms of total over scale with given probabilities."""
    y, width = totals.log_totals, mixture.shape[1]
    step = y[1] - y[0]
    # All rows one after the other are one rising sequence.
    rising = (mixture + np.arange(mixture.shape[0])[:, None]).ravel()
    after = np.searchsorted(rising, levels + row) - row * width
    place = np.clip(after - 1, 0, width - 2)
    low, high = mixture[row, place], mixture[row, place + 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        at = y[place] + step * np.clip(np.where(high > low, (levels - low) / (high - low), 1.0), 0.0, 1.0)
        first, last = mixture[row, 0], mixture[row, -1]
        at = np.where(levels < first, y[0] + np.log(levels / first) / totals.low_power, at)
        at = np.where(levels > last, y[-1] - np.log((1.0 - levels) / (1.0 - last)) / totals.high_power, at)
    result: FloatArray = np.clip(at, -_LARGEST_LOGARITHM, _LARGEST_LOGARITHM)
    return result
