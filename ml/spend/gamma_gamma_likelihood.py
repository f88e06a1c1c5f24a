"""The likelihood that the Gamma-Gamma model is fitted by, with its derivatives, over any number of customers.

A customer's spend enters through two numbers apart from each other: how many spend days they had, which the gamma
functions need, and what they spent in all, which the logarithms need. So customers are counted by each, not by both;
and totals close to each other enter as one, with sums of the powers of their distances from it, so that the customers
are gone through once for all parameters. Equation numbers are those of docs/models.md. Must not know how the likelihood
is climbed.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.special import betaln, digamma, polygamma

from ml.estimator import FloatArray, column
from ml.fitting.maximum_likelihood import Evaluation
from models.errors import StopError

_ROWS_AT_ONCE = 1 << 14  # 128 kB an array: the temporaries stay in the processor's cache.
_COUNT_BITS = 12
# A bin is what shares a float's exponent and its first seven binary digits. No total in it is further from its middle
# than a part in 256, and so a power past the fifth would add less than 1 / 256^6, which is what a float leaves out.
_BIN_BITS = 7
_POWERS = np.arange(6.0)
# The coefficients of the powers of e in log(1 + e), 1 / (1 + e) and 1 / (1 + e)^2.
_OF_LOG = np.where(_POWERS > 0, (-1.0) ** (_POWERS + 1.0) / np.maximum(_POWERS, 1.0), 0.0)
_OF_SHARE = (-1.0) ** _POWERS
_OF_SQUARE = _OF_SHARE * (_POWERS + 1.0)


@dataclass(frozen=True)
class SpenderRows:
    """Customers with repeat spend, sorted, so that sums over them do not depend on the order they came in.

    Attributes:
        total: What each spent in all, rising, shape (n,).
        count: On how many days, shape (n,).
        weight: Customers that each row stands for, shape (n,); None is one each.
    """

    total: FloatArray
    count: npt.NDArray[np.integer]
    weight: FloatArray | None

    @classmethod
    def of(cls, summary: pl.DataFrame) -> Self:
        """From a summary's `spend_day_count`, `monetary_value` and, if it has one, `weight`.

        Rows without a spend day or of no weight are left out.

        Raises:
            StopError: A column is missing, or somebody has spend days and no positive mean of them.
        """
        for name in ("spend_day_count", "monetary_value"):
            column(summary.head(0), name)
        if "weight" not in summary.columns and not (summary["spend_day_count"] >= 1 << _COUNT_BITS).any():
            return cls._of_few_days(summary)
        count, mean, weight = column(summary, "spend_day_count"), column(summary, "monetary_value"), None
        has_spend = count > 0
        if "weight" in summary.columns:
            weight = column(summary, "weight")
            has_spend &= weight > 0
            weight = weight[has_spend]
        total, days = count[has_spend] * mean[has_spend], count[has_spend].astype(np.int64)
        _refuse_unless(((total > 0) & (total < np.inf)).all())
        order = np.lexsort((days, total) if weight is None else (weight, days, total))
        return cls(total[order], days[order], None if weight is None else weight[order])

    @classmethod
    def _of_few_days(cls, summary: pl.DataFrame) -> Self:
        """In a tenth of the time, for positive floats sort like the integers of the same bits.

        A total to 40 binary digits, a part in 10^12, leaves room for the count in one integer.
        """
        low = 1 << _COUNT_BITS
        count = pl.col("spend_day_count")
        spenders = summary.select(count, "monetary_value").filter((count > 0) & (count < low))
        days, mean = column(spenders, "spend_day_count"), column(spenders, "monetary_value")
        keys = np.empty(days.size, dtype=np.int64)
        for begin in range(0, days.size, _ROWS_AT_ONCE):
            some = slice(begin, begin + _ROWS_AT_ONCE)
            total = days[some] * mean[some]
            _refuse_unless(((total > 0) & (total < np.inf)).all())
            keys[some] = (total.view(np.int64) + low // 2 & -low) | days[some].astype(np.int64)
        keys.sort()
        count_of = (keys & low - 1).astype(np.int16)
        keys &= -low
        return cls(keys.view(np.float64), count_of, None)


@dataclass(frozen=True)
class Spenders:
    """Customers with repeat spend, counted.

    Attributes:
        counts: The distinct numbers of spend days, shape (m,).
        count_weight: Customers per count, shape (m,).
        totals: The middles of the bins of what customers spent in all, shape (k,). The rows are gone through in pieces,
            and a bin that runs from one piece into the next is there twice, which costs no more than a bin.
        moments: Sums over the customers of a bin, and over their spend days, of the powers 0 to 5 of how far a total is
            from the middle, as a share of the middle, shape (2, 6, k).
        log_totals: Sum of the logarithms of all customers' totals.
    """

    counts: FloatArray
    count_weight: FloatArray
    totals: FloatArray
    moments: FloatArray
    log_totals: float

    @classmethod
    def of(cls, rows: SpenderRows) -> Self:
        """Customers by count and by total."""
        by_count = np.zeros(int(rows.count.max(initial=0)) + 1)
        pieces = [(np.empty(0), np.empty((2, _POWERS.size, 0)))]
        for begin in range(0, rows.total.size, _ROWS_AT_ONCE):
            some = slice(begin, begin + _ROWS_AT_ONCE)
            count, weight = rows.count[some], None if rows.weight is None else rows.weight[some]
            by_count += np.bincount(count, weights=weight, minlength=by_count.size)
            pieces.append(_binned(rows.total[some], count, weight))
        counts = np.flatnonzero(by_count)
        totals, moments = (np.concatenate(part, axis=-1) for part in zip(*pieces, strict=True))
        return cls(
            counts=counts.astype(np.float64),
            count_weight=by_count[counts],
            totals=totals,
            moments=moments,
            log_totals=_dot(moments[0, 0], np.log(totals)) + float(np.sum(_OF_LOG * moments[0].sum(axis=1))),
        )

    @property
    def customer_count(self) -> float:
        """Customers in all."""
        return float(self.count_weight.sum())

    @property
    def spend(self) -> float:
        """What they spent in all."""
        return _dot(self.totals, self.moments[0, 0] + self.moments[0, 1])


def _binned(
    total: FloatArray, count: npt.NDArray[np.integer], weight: FloatArray | None
) -> tuple[FloatArray, FloatArray]:
    """The middles of the bins of rising totals, and their moments, as `Spenders` has them."""
    shift = 52 - _BIN_BITS
    bins = total.view(np.int64) >> shift
    begins = np.flatnonzero(np.concatenate([[True], bins[1:] != bins[:-1]]))
    middle = (bins << shift | 1 << shift - 1).view(np.float64)
    away = (total - middle) / middle
    terms = np.empty((2, total.size))
    terms[0] = 1.0 if weight is None else weight
    np.multiply(terms[0], count, out=terms[1])
    moments = np.empty((2, _POWERS.size, begins.size))
    moments[:, 0] = np.add.reduceat(terms, begins, axis=1)
    for power in range(1, _POWERS.size):
        terms *= away
        moments[:, power] = np.add.reduceat(terms, begins, axis=1)
    return middle[begins], moments


def evaluate(spenders: Spenders, parameters: FloatArray) -> Evaluation:
    """Log-likelihood (eq. 13) with its gradient and Hessian by p, q and v."""
    p, q, v = (float(value) for value in parameters)
    c, n = spenders.counts, spenders.count_weight
    customers, log_totals = spenders.customer_count, spenders.log_totals
    # Over customers: sums of log(1 + v / total), of 1 / (v + total) and of its square, plain and by spend days. For a
    # total of m (1 + e), m the middle of its bin, these are log(1 + v / m) + log(1 + s e) - log(1 + e),
    # 1 / (v + m) / (1 + s e) and its square, with s = m / (v + m).
    total, moments = spenders.totals, spenders.moments
    over = 1.0 / (v + total)
    powers = np.multiply.accumulate([np.ones(total.size), *[total * over] * (_POWERS.size - 1)])
    # 1 - s^k by its factor 1 - s = v / (v + m): where v is small, a difference would have lost its digits.
    rests = np.concatenate([np.zeros((1, total.size)), v * over * np.add.accumulate(powers[:-1])])
    logs = np.einsum("wi,i->w", moments[:, 0], np.log1p(v / total)) - _over_bins(moments, _OF_LOG[:, None] * rests)
    shares = _over_bins(moments, _OF_SHARE[:, None] * powers * over)
    squares = _over_bins(moments, _OF_SQUARE[:, None] * powers * over**2)
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


def _over_bins(moments: FloatArray, terms: FloatArray) -> FloatArray:
    """The sum over bins and powers, shape (2,)."""
    result: FloatArray = np.einsum("wki,ki->w", moments, terms)
    return result


def _dot(left: FloatArray, right: FloatArray) -> float:
    """The sum of products in one thread: a threaded one changes the last digits from machine to machine."""
    return float(np.einsum("i,i->", left, right))
