"""The likelihood that the Gamma-Gamma model is fitted by, with its derivatives, over any number of customers.

A customer's spend enters through two numbers apart from each other: how many spend days they had, which the gamma
functions need, and what they spent in all, which the logarithms need. So customers are counted by each, not by both.
Equation numbers are those of docs/models.md. Must not know how the likelihood is climbed.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import betaln, digamma, polygamma

from ml.estimator import FloatArray
from ml.fitting.maximum_likelihood import Evaluation
from models.errors import StopError

_ROWS_AT_ONCE = 1 << 14  # 128 kB an array: the temporaries stay in the processor's cache.
_COUNT_BITS = 12


@dataclass(frozen=True)
class SpenderRows:
    """Customers with repeat spend, sorted, so that sums over them do not depend on the order they came in.

    Attributes:
        total: What each spent in all, rising, shape (n,).
        count: On how many days, shape (n,).
        weight: Customers that each row stands for, shape (n,); None is one each.
    """

    total: FloatArray
    count: npt.NDArray[np.int64]
    weight: FloatArray | None

    @classmethod
    def of(cls, count: FloatArray, mean: FloatArray, weight: FloatArray | None) -> "SpenderRows":
        """From spend days and their mean spend; rows without a spend day or of no weight are left out.

        Raises:
            StopError: Somebody has spend days and no positive mean of them.
        """
        if weight is not None or not count.size or count.max() >= 1 << _COUNT_BITS:
            has_spend = count > 0 if weight is None else (count > 0) & (weight > 0)
            total, days = count[has_spend] * mean[has_spend], count[has_spend].astype(np.int64)
            _refuse_unless(((total > 0) & (total < np.inf)).all())
            share = np.ones(days.size) if weight is None else weight[has_spend]
            order = np.lexsort((share, days, total))
            return cls(total[order], days[order], None if weight is None else share[order])
        # Positive floats sort like the integers of the same bits. A total to 40 binary digits, a part in 10^12, leaves
        # room for the count in one integer, which sorts in a tenth of the time that two columns take.
        low = 1 << _COUNT_BITS
        keys = np.empty(count.size, dtype=np.int64)
        for begin in range(0, count.size, _ROWS_AT_ONCE):
            rows = slice(begin, begin + _ROWS_AT_ONCE)
            total = count[rows] * mean[rows]
            is_spender = (total > 0) & (total < np.inf)
            _refuse_unless((is_spender | ~(count[rows] > 0)).all())
            packed = (total.view(np.int64) + low // 2 & -low) | count[rows].astype(np.int64)
            keys[rows] = np.where(is_spender, packed, 0)
        keys.sort()
        keys = keys[np.searchsorted(keys, 0, side="right") :]
        return cls((keys & -low).view(np.float64), keys & low - 1, None)

    def every(self, step: int) -> "SpenderRows":
        """Every so-manieth row: a sample that is the same at every run."""
        return SpenderRows(self.total[::step], self.count[::step], None if self.weight is None else self.weight[::step])

    def by_total(self) -> tuple[FloatArray, FloatArray]:
        """The different totals, shape (k,), with their customers and those customers' spend days, shape (2, k).

        A total that runs from one piece of the rows into the next is there twice, which costs no more than a row.
        """
        totals, times, size = np.empty(self.total.size), np.empty((2, self.total.size)), 0
        for begin in range(0, self.total.size, _ROWS_AT_ONCE):
            rows = slice(begin, begin + _ROWS_AT_ONCE)
            total, days = self.total[rows], self.count[rows].astype(np.float64)
            begins = np.flatnonzero(np.concatenate([[True], total[1:] != total[:-1]]))
            filled = slice(size, size + begins.size)
            totals[filled] = total[begins]
            if self.weight is None:
                times[0, filled] = np.diff(begins, append=total.size)
                times[1, filled] = np.add.reduceat(days, begins)
            else:
                times[0, filled] = np.add.reduceat(self.weight[rows], begins)
                times[1, filled] = np.add.reduceat(self.weight[rows] * days, begins)
            size += begins.size
        return totals[:size], times[:, :size]


@dataclass(frozen=True)
class Spenders:
    """Customers with repeat spend, counted.

    Attributes:
        counts: The distinct numbers of spend days, shape (m,).
        count_weight: Customers per count, shape (m,).
        totals: The different amounts spent in all, shape (k,).
        times: Customers per total, and those customers' spend days together, shape (2, k).
        log_totals: Sum of the logarithms of all customers' totals.
    """

    counts: FloatArray
    count_weight: FloatArray
    totals: FloatArray
    times: FloatArray
    log_totals: float

    @classmethod
    def of(cls, rows: SpenderRows) -> "Spenders":
        """Customers by count and by total."""
        by_count = np.bincount(rows.count, weights=rows.weight).astype(np.float64)
        counts = np.flatnonzero(by_count)
        totals, times = rows.by_total()
        return cls(
            counts=counts.astype(np.float64),
            count_weight=by_count[counts],
            totals=totals,
            times=times,
            log_totals=_dot(times[0], np.log(totals)),
        )

    @property
    def customer_count(self) -> float:
        """Customers in all."""
        return float(self.count_weight.sum())

    @property
    def spend(self) -> float:
        """What they spent in all."""
        return _dot(self.totals, self.times[0])


def evaluate(spenders: Spenders, parameters: FloatArray) -> Evaluation:
    """Log-likelihood (eq. 13) with its gradient and Hessian by p, q and v."""
    p, q, v = (float(value) for value in parameters)
    c, n = spenders.counts, spenders.count_weight
    customers, log_totals = spenders.customer_count, spenders.log_totals
    # Over customers: sums of log(1 + v / total), of 1 / (v + total) and of its square, plain and by spend days.
    logs, shares, squares = np.zeros(2), np.zeros(2), np.zeros(2)
    for begin in range(0, spenders.totals.size, _ROWS_AT_ONCE):
        rows = slice(begin, begin + _ROWS_AT_ONCE)
        total, times = spenders.totals[rows], spenders.times[:, rows]
        over = 1.0 / (v + total)
        logs += np.einsum("ki,i->k", times, np.log1p(v / total))
        shares += np.einsum("ki,i->k", times, over)
        squares += np.einsum("ki,i->k", times, over * over)
    rest = customers * np.log(v) - log_totals - logs[0]  # Of log(v / (v + total)).

    pc = p * c
    value = (
        -np.sum(n * betaln(pc, q)) - p * logs[1] + q * rest - log_totals + np.sum(n * np.log(c))
    )  # fmt: skip
    psi_all, psi_p, psi_q = digamma(pc + q), digamma(pc), digamma(q)
    tri_all, tri_p, tri_q = polygamma(1, pc + q), polygamma(1, pc), polygamma(1, q)
    gradient = np.array(
        [
            np.sum(n * c * (psi_all - psi_p)) - logs[1],
            np.sum(n * (psi_all - psi_q)) + rest,
            q * customers / v - p * shares[1] - q * shares[0],
        ]
    )
    pp = np.sum(n * c**2 * (tri_all - tri_p))
    pq = np.sum(n * c * tri_all)
    qq = np.sum(n * (tri_all - tri_q))
    pv = -shares[1]
    qv = customers / v - shares[0]
    vv = -q * customers / v**2 + p * squares[1] + q * squares[0]
    return Evaluation(float(value), gradient, np.array([[pp, pq, pv], [pq, qq, qv], [pv, qv, vv]]))


def _refuse_unless(means_are_positive: np.bool_) -> None:
    if not means_are_positive:
        raise StopError("the purchase summary has spend days without a positive monetary_value")


def _dot(left: FloatArray, right: FloatArray) -> float:
    """The sum of products in one thread: a threaded one changes the last digits from machine to machine."""
    return float(np.einsum("i,i->", left, right))
