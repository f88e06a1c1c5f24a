"""Distinct purchase histories with weights: a million customers become some hundred thousand rows, or far fewer.

Every purchase model's likelihood is a sum over customers of a function of (x, t_x, T), so customers who share a history
share a term. Must not know a model.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from ml.estimator import FloatArray, column
from models.errors import StopError

_ROWS_AT_ONCE = 1 << 14  # 128 kB a column: the temporaries stay in the processor's cache.


@dataclass(frozen=True)
class Cells:
    """What the likelihood needs of any number of customers, each distinct history once.

    Attributes:
        repeat_x: x of the distinct histories with repeat purchases, shape (m,).
        repeat_t_x: Their recencies in days, shape (m,).
        repeat_age: Their ages in days, shape (m,).
        repeat_weight: How many customers share each, shape (m,).
        once_age: The distinct ages of those without a repeat purchase, in days, shape (l,).
        once_weight: How many customers have each, shape (l,).
        age: The distinct ages of all customers, shape (k,).
        age_weight: How many customers have each, shape (k,).
        age_purchases: How many repeat purchases they made together, shape (k,).
        longer_than: How many customers have x > j, for j = 0, 1, …; products over past purchases become sums over j.
    """

    repeat_x: FloatArray
    repeat_t_x: FloatArray
    repeat_age: FloatArray
    repeat_weight: FloatArray
    once_age: FloatArray
    once_weight: FloatArray
    age: FloatArray
    age_weight: FloatArray
    age_purchases: FloatArray
    longer_than: FloatArray

    @property
    def customer_count(self) -> float:
        """Customers in all."""
        return float(self.age_weight.sum())

    @property
    def repeat_customer_count(self) -> float:
        """Customers with a repeat purchase."""
        return float(self.repeat_weight.sum())


def distinct_histories(summary: pl.DataFrame) -> pl.DataFrame:
    """Distinct (frequency, recency_days, age_days) with the number of customers as `weight`, sorted.

    A summary may bring a `weight` column of its own, the number of customers that a row stands for.

    Raises:
        StopError: A history is impossible.
    """
    for name in ("frequency", "recency_days", "age_days"):
        column(summary, name)
    keys = ["frequency", "recency_days", "age_days"]
    histories = _counted_as_whole_days(summary)
    if histories is None:
        weight = pl.col("weight").sum() if "weight" in summary.columns else pl.len()
        histories = (
            summary.lazy()
            .with_columns(pl.col(keys).cast(pl.Float64))
            .group_by(keys)
            .agg(weight.cast(pl.Float64).alias("weight"))
            .sort(keys)
            .collect()
        )
    x, t_x, age = (column(histories, name) for name in keys)
    impossible = _first_impossible(x, t_x, age)
    if impossible is not None:
        row = histories.row(impossible, named=True)
        raise StopError(
            f"the purchase summary holds an impossible history: frequency {row['frequency']}, recency_days "
            f"{row['recency_days']}, age_days {row['age_days']}; x is a whole number, 0 <= t_x <= T, and t_x is 0 "
            "exactly when x is"
        )
    return histories


def _first_impossible(x: FloatArray, t_x: FloatArray, age: FloatArray) -> int | None:
    """The place of the first history that nobody can have."""
    for begin in range(0, x.size, _ROWS_AT_ONCE):
        rows = slice(begin, begin + _ROWS_AT_ONCE)
        count, until, T = x[rows], t_x[rows], age[rows]
        # Comparisons with a value that is missing are false, so those are among the impossible.
        possible = (count >= 0) & (count == np.floor(count)) & (until >= 0) & (until <= T)
        possible &= ((count > 0) == (until > 0)) & np.isfinite(count) & np.isfinite(T)
        if not possible.all():
            return begin + int(np.argmin(possible))
    return None


def gathered_histories(summaries: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """`distinct_histories` of a summary that comes in pieces, holding one piece and what is distinct at a time.

    A model's `fit` takes the result in the place of the whole summary; ten million customers of a few years make some
    hundred thousand to a few million rows.
    """
    gathered = pl.DataFrame(schema=dict.fromkeys(("frequency", "recency_days", "age_days", "weight"), pl.Float64))
    for summary in summaries:
        gathered = distinct_histories(pl.concat([gathered, distinct_histories(summary)]))
    return gathered


def _counted_as_whole_days(summary: pl.DataFrame) -> pl.DataFrame | None:
    """The same for histories in whole days, a tenth of the time: three small numbers fit one integer, which sorts fast.

    None where they are not whole, or negative, or too large to share an integer.
    """
    columns = [column(summary, name) for name in ("frequency", "recency_days", "age_days")]
    if not columns[0].size:
        return None
    highest = [float(values.max()) for values in columns]
    if not all(high < 1 << 20 for high in highest):  # False for a value that is missing.
        return None
    widths = [int(high).bit_length() for high in highest]
    if sum(widths) > 53:  # What a float counts without a gap.
        return None
    keys = np.empty(columns[0].size, dtype=np.uint32 if sum(widths) <= 32 else np.uint64)
    for begin in range(0, keys.size, _ROWS_AT_ONCE):
        rows = slice(begin, begin + _ROWS_AT_ONCE)
        x, t_x, age = (values[rows] for values in columns)
        if not all(values.min() >= 0 and (np.floor(values) == values).all() for values in (x, t_x, age)):
            return None
        keys[rows] = (x * 2.0 ** widths[1] + t_x) * 2.0 ** widths[2] + age
    weight = column(summary, "weight") if "weight" in summary.columns else None
    if weight is None:
        keys.sort()
    else:
        order = np.argsort(keys, kind="stable")
        keys, weight = keys[order], weight[order]
    is_new = np.ones(keys.size, dtype=np.bool_)
    np.not_equal(keys[1:], keys[:-1], out=is_new[1:])
    begins = np.flatnonzero(is_new)
    distinct = np.empty((4, begins.size))
    for begin in range(0, begins.size, _ROWS_AT_ONCE):
        rows = slice(begin, begin + _ROWS_AT_ONCE)
        packed = keys[begins[rows]].astype(np.int64)
        distinct[0, rows] = packed >> (widths[1] + widths[2])
        distinct[1, rows] = packed >> widths[2] & (1 << widths[1]) - 1
        distinct[2, rows] = packed & (1 << widths[2]) - 1
    if weight is None:
        np.subtract(begins[1:], begins[:-1], out=distinct[3, :-1])
        distinct[3, -1] = keys.size - begins[-1]
    else:
        distinct[3] = np.add.reduceat(weight, begins)
    return pl.DataFrame(dict(zip(("frequency", "recency_days", "age_days", "weight"), distinct, strict=True)))


def cells_of(histories: pl.DataFrame) -> Cells:
    """`distinct_histories` in the form that the likelihood reads."""
    x, t_x, age, weight = (column(histories, name) for name in ("frequency", "recency_days", "age_days", "weight"))
    if (weight <= 0).any():
        x, t_x, age, weight = (values[weight > 0] for values in (x, t_x, age, weight))
    counts = np.bincount(x.astype(np.int64), weights=weight, minlength=1)
    once = int(np.searchsorted(x, 0.0, side="right"))  # Sorted by x, so those without a repeat purchase come first.
    ages, age_weight, age_purchases = _by_age(x, age, weight)
    return Cells(
        repeat_x=x[once:],
        repeat_t_x=t_x[once:],
        repeat_age=age[once:],
        repeat_weight=weight[once:],
        once_age=age[:once],
        once_weight=weight[:once],
        age=ages,
        age_weight=age_weight,
        age_purchases=age_purchases,
        longer_than=np.cumsum(counts[::-1])[::-1][1:].astype(np.float64),
    )


def _by_age(x: FloatArray, age: FloatArray, weight: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The distinct ages, their customers and those customers' repeat purchases."""
    days = age.astype(np.int64)
    if age.size and days.max() < 1 << 20 and np.array_equal(days, age):
        ages, place = np.arange(days.max() + 1.0), days  # A tenth of the time, as there are few different days.
    else:
        ages, place = np.unique(age, return_inverse=True)
    customers, purchases = (
        np.bincount(place, weights=values, minlength=ages.size).astype(np.float64) for values in (weight, weight * x)
    )
    occurs = customers > 0
    return ages[occurs], customers[occurs], purchases[occurs]


def sampled(histories: pl.DataFrame, *, customer_count: int) -> pl.DataFrame:
    """Every n-th customer of the sorted histories: about `customer_count`, the same ones at every run."""
    running = np.cumsum(column(histories, "weight"))
    running /= running[-1] / customer_count
    np.floor(running, out=running)
    taken = np.diff(running, prepend=0.0)
    rows = np.flatnonzero(taken)
    return histories[rows].with_columns(pl.Series("weight", taken[rows]))


@dataclass(frozen=True)
class DistinctPairs:
    """The distinct (x, T) of a summary: what is known of a customer who is alive, and so all that a forecast needs.

    Attributes:
        frequency: x of each pair, shape (m,).
        age_days: T of each pair, shape (m,).
        position: For each row of the summary the place of its pair, shape (n,).
    """

    frequency: FloatArray
    age_days: FloatArray
    position: npt.NDArray[np.int64]

    @classmethod
    def of(cls, summary: pl.DataFrame) -> "DistinctPairs":
        """The pairs of a summary, sorted."""
        for name in ("frequency", "age_days"):
            column(summary, name)
        rows = summary.select(pl.col("frequency", "age_days").cast(pl.Float64))
        pairs = rows.unique().sort("frequency", "age_days").with_row_index("position")
        found = rows.join(pairs, on=["frequency", "age_days"], how="left", maintain_order="left")
        return cls(
            frequency=pairs["frequency"].to_numpy(),
            age_days=pairs["age_days"].to_numpy(),
            position=found["position"].cast(pl.Int64).to_numpy(),
        )
