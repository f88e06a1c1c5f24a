"""How often each customer will buy within a horizon, as a distribution and not only as an expectation.

Customers who are alive differ in (x, T) only, so their distribution is tabulated once per distinct pair, as far as its
tail reaches, and mixed with each customer's P(alive) when asked (docs/models.md, eq. 49). Must not know a model by
name.
"""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt
import polars as pl

from ml.estimator import FloatArray, PurchaseEstimator, refuse_horizon
from ml.histories.purchase_histories import DistinctPairs
from models.errors import StopError

IntArray = npt.NDArray[np.int64]

# The highest counts that are tried, in turn.
HIGHEST_COUNTS = (7, 15, 31, 63, 127, 255, 511, 1023, 2047)
NEGLIGIBLE = 1e-10
_CELLS_AT_ONCE = 1 << 20
_CELLS_IN_ALL = 1 << 24  # 128 MB


@dataclass(frozen=True)
class PurchaseCounts:
    """The distribution of purchase days within a horizon, for n customers with m distinct (x, T).

    Attributes:
        alive: P(alive) of each customer, shape (n,); after `likelier` their weight, of which 1 is no limit.
        pairs: The distinct (x, T), and which of them is each customer's.
        start: Where the probabilities of each pair begin in `probabilities`, shape (m,).
        highest: The last count of each pair that has a probability of its own, shape (m,).
        probabilities: Given alive, of the counts 0 … `highest` and then, in one last cell, of all beyond, pair after
            pair. That cell holds less than 1e-10, and stands for `highest` + 1. It holds more where a tail reaches
            beyond the last of `HIGHEST_COUNTS`, or where all tails together would not fit into memory: after horizons
            of decades.
        exceeding: Given alive, of more than 0 … `highest` + 1, in the same places.
    """

    alive: FloatArray
    pairs: DistinctPairs
    start: IntArray
    highest: IntArray
    probabilities: FloatArray
    exceeding: FloatArray

    @classmethod
    def of(cls, purchases: PurchaseEstimator, summary: pl.DataFrame, *, horizon_days: float) -> Self:
        """The distributions given each customer's history.

        Args:
            purchases: A fitted model.
            summary: Purchase summary of n customers.
            horizon_days: Zero or more.

        Raises:
            StopError: The horizon is no number of days.
        """
        refuse_horizon(horizon_days)
        pairs = DistinctPairs.of(summary)
        count = pairs.frequency.size
        highest = np.zeros(count, dtype=np.int64)
        tables: dict[int, tuple[IntArray, FloatArray]] = {}
        left = np.arange(count)
        for most in HIGHEST_COUNTS:
            if not left.size:
                break
            table = _table(purchases, pairs, left, horizon_days, most)
            done = _reaches(table)
            if most == HIGHEST_COUNTS[-1] or np.sum(~done) * 2 * most > _CELLS_IN_ALL:
                done[:] = True
            tables[most] = left[done], table[done]
            highest[left[done]] = most
            left = left[~done]
        start = np.concatenate([[0], np.cumsum(highest + 2)]).astype(np.int64)
        probabilities, exceeding = np.empty(int(start[-1])), np.empty(int(start[-1]))
        for most, (rows, table) in tables.items():
            rest = np.maximum(1.0 - table.sum(axis=1), 0.0)[:, None]
            rest[rest < 1e-15 * (most + 2)] = 0.0  # no more than the sum's own rounding
            places = start[rows, None] + np.arange(most + 2)
            probabilities[places] = np.concatenate([table, rest], axis=1)
            # From the far end, so that it never falls and small ones keep their digits.
            more = np.cumsum(np.concatenate([rest, table[:, :0:-1]], axis=1), axis=1)[:, ::-1]
            exceeding[places] = np.concatenate([more, np.zeros((rows.size, 1))], axis=1)
        return cls(purchases.probability_alive(summary), pairs, start[:-1], highest, probabilities, exceeding)

    def of_none(self) -> FloatArray:
        """P(no purchase day within the horizon), shape (n,): the churn probability (eq. 7)."""
        some: FloatArray = self.exceeding[self.start]
        return np.maximum(1.0 - self.alive * some[self.pairs.position], 0.0)

    def likelier(self, factor: FloatArray) -> tuple[Self, FloatArray]:
        """The part of factors that is a higher or lower chance of buying at all, put into the distribution.

        Args:
            factor: How many times as many purchase days are expected as the model says, shape (n,).

        Returns:
            The distributions, with P(Y > 0) and all that follows from it as if the hazard of buying were so many times
            as high (eq. 61); and what is left of the factors for `at_most` and `quantiles`.
        """
        buys = np.minimum(self.alive * self.exceeding[self.start][self.pairs.position], 1.0)
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):  # who buys for certain goes on to
            changed = -np.expm1(factor * np.log1p(-buys))
        times = np.divide(changed, buys, out=np.ones(buys.size), where=buys > 1e-300)
        times[factor == 0] = 0.0
        return replace(self, alive=self.alive * times), np.divide(factor, times, out=times.copy(), where=times > 0)

    def at_most(self, counts: FloatArray, *, factor: FloatArray | None = None) -> FloatArray:
        """P(at most so many purchase days) of each customer, shape (n,).

        Args:
            counts: Whole numbers, below zero too, shape (n,).
            factor: How many times as many purchase days there are as the model says, shape (n,): none stay none, and k
                are spread from k - ½ to k + ½, multiplied, and rounded (eq. 61a). None is once.
        """
        if factor is None:
            return self._at_most(counts)
        with np.errstate(divide="ignore"):
            before = np.minimum((np.maximum(counts, 0.0) + 0.5) / factor, 1e9)
        spread = np.maximum(np.floor(before + 0.5), 0.0)
        low, high = self._at_most(np.maximum(spread - 1.0, 0.0)), self._at_most(spread)
        return np.where(counts < 0, 0.0, low + (before + 0.5 - spread) * (high - low))

    def _at_most(self, counts: FloatArray) -> FloatArray:
        place = self.pairs.position
        last = self.highest[place] + 1
        at = np.clip(counts, 0, last).astype(np.int64)
        result: FloatArray = np.where(counts < 0, 0.0, 1.0 - self.alive * self.exceeding[self.start[place] + at])
        return result

    def probabilities_of(self, highest: int) -> FloatArray:
        """P(Y = 0), …, P(Y = highest) of each customer, shape (n, highest + 1): for few customers, or few counts."""
        k = np.arange(highest + 1)
        place = self.pairs.position[:, None]
        is_there = k <= self.highest[place] + 1
        values = self.probabilities[np.where(is_there, self.start[place] + k, 0)]
        result: FloatArray = self.alive[:, None] * np.where(is_there, values, 0.0)
        result[:, 0] += 1.0 - self.alive
        return result

    def quantiles(self, levels: FloatArray, *, factor: FloatArray | None = None) -> FloatArray:
        """The smallest counts that are not exceeded with at least given probabilities.

        Args:
            levels: Probabilities, shape (k,), each from 0 to 1 exclusive.
            factor: See `at_most`.

        Returns:
            Whole numbers, shape (n, k).
        """
        refuse_levels(levels)
        place = self.pairs.position
        start, last = self.start[place], self.highest[place] + 1
        result = np.zeros((self.alive.size, levels.size))
        for k, level in enumerate(levels):
            with np.errstate(divide="ignore"):
                enough = (1.0 - level) / self.alive  # of `exceeding`
            rows = np.flatnonzero(self.exceeding[start] > enough)
            low, high = np.zeros(rows.size, dtype=np.int64), last[rows]  # exceeds, exceeds not
            begin, enough = start[rows], enough[rows]
            while (high - low > 1).any():
                middle = (low + high) // 2
                exceeds = self.exceeding[begin + middle] > enough
                low, high = np.where(exceeds, middle, low), np.where(exceeds, high, middle)
            result[rows, k] = high
            if factor is not None:
                below = self._at_most(result[:, k] - 1.0)
                with np.errstate(divide="ignore", invalid="ignore"):
                    share = (level - below) / (self._at_most(result[:, k]) - below)
                counted = np.ceil(factor * (result[:, k] - 0.5 + share) - 0.5)
                result[:, k] = np.where(result[:, k] > 0, np.maximum(counted, 0.0), 0.0)
        return result

    def moments(self) -> tuple[FloatArray, FloatArray]:
        """E[Y] and E[Y²], shape (n,) each."""
        k = np.arange(self.probabilities.size) - np.repeat(self.start, self.highest + 2)
        first = np.add.reduceat(self.probabilities * k, self.start) if k.size else np.zeros(0)
        second = np.add.reduceat(self.probabilities * k * k, self.start) if k.size else np.zeros(0)
        return self.alive * first[self.pairs.position], self.alive * second[self.pairs.position]


def _table(
    purchases: PurchaseEstimator, pairs: DistinctPairs, rows: IntArray, horizon_days: float, highest: int
) -> FloatArray:
    """P(Y = k | alive) of some pairs, shape (rows, highest + 1), made piece by piece."""
    table = np.empty((rows.size, highest + 1))
    at_once = max(1, _CELLS_AT_ONCE // (highest + 1))
    for begin in range(0, rows.size, at_once):
        piece = rows[begin : begin + at_once]
        table[begin : begin + at_once] = purchases.purchase_count_probabilities_while_alive(
            pairs.frequency[piece], pairs.age_days[piece], np.full(piece.size, float(horizon_days)), highest
        )
    return table


def _reaches(table: FloatArray) -> npt.NDArray[np.bool_]:
    """Whether a row holds all but a negligible part of its distribution, of its mean and of its second moment.

    By then the tail falls geometrically at least, over a scale ell of at most a twentieth of the row, so what is left
    out of the second moment, p ell k², is below p k³.
    """
    k = np.arange(table.shape[1], dtype=np.float64)
    last = table[:, -1] * (k[-1] + 1.0)
    mean = (table * k).sum(axis=1)
    has_all = 1.0 - table.sum(axis=1) < NEGLIGIBLE
    result: npt.NDArray[np.bool_] = has_all & (last * k[-1] < NEGLIGIBLE / 10.0 * mean) | (mean == 0.0) & has_all
    return result


def refuse_levels(levels: FloatArray) -> None:
    """Raise StopError unless all levels are probabilities other than 0 and 1."""
    if not bool(((levels > 0) & (levels < 1)).all()):
        raise StopError(f"a level is a probability between 0 and 1, both excluded; {levels.tolist()} are not")
