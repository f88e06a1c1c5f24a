"""Distinct purchase histories with weights: a million customers become some hundred thousand rows, or far fewer.

Every purchase model's likelihood is a sum over customers of a function of (x, t_x, T), so customers who share a history
share a term. Must not know a model.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from ml.estimator import FloatArray, column
from models.errors import StopError


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
    histories = _counted_as_whole_days(summary) if "weight" not in summary.columns else None
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
    x, t_x, age = (pl.col(name) for name in keys)
    impossible = histories.filter(
        ~(x.is_finite() & t_x.is_finite() & age.is_finite() & (x >= 0) & (x == x.floor()) & (t_x >= 0) & (t_x <= age))
        | x.is_null()
        | t_x.is_null()
        | age.is_null()
        | ((x == 0) & (t_x != 0))
        | ((x > 0) & (t_x <= 0))
    )
    if impossible.height:
        row = impossible.row(0, named=True)
        raise StopError(
            f"the purchase summary holds an impossible history: frequency {row['frequency']}, recency_days "
            f"{row['recency_days']}, age_days {row['age_days']}; x is a whole number, 0 <= t_x <= T, and t_x is 0 "
            "exactly when x is"
        )
    return histories


def _counted_as_whole_days(summary: pl.DataFrame) -> pl.DataFrame | None:
    """The same for histories in whole days, a tenth of the time: three small numbers fit one integer, which sorts fast.

    None where they are not whole, or negative, or too large to share an integer.
    """
    columns = [column(summary, name) for name in ("frequency", "recency_days", "age_days")]
    if not columns[0].size or not all(
        np.isfinite(values).all()
        and values.min() >= 0
        and values.max() < 1 << 20
        and (values == np.floor(values)).all()
        for values in columns
    ):
        return None
    x, t_x, age = (values.astype(np.int64) for values in columns)
    packed, counts = np.unique(x << 40 | t_x << 20 | age, return_counts=True)
    last_twenty = (1 << 20) - 1
    return pl.DataFrame(
        {
            "frequency": (packed >> 40).astype(np.float64),
            "recency_days": (packed >> 20 & last_twenty).astype(np.float64),
            "age_days": (packed & last_twenty).astype(np.float64),
            "weight": counts.astype(np.float64),
        }
    )


def cells_of(histories: pl.DataFrame) -> Cells:
    """`distinct_histories` in the form that the likelihood reads."""
    repeat = histories.filter((pl.col("frequency") > 0) & (pl.col("weight") > 0))
    once = histories.filter((pl.col("frequency") == 0) & (pl.col("weight") > 0))
    ages = histories.group_by("age_days").agg(pl.col("weight").sum()).sort("age_days")
    x = repeat["frequency"].to_numpy()
    counts = np.bincount(x.astype(np.int64), weights=repeat["weight"].to_numpy(), minlength=1)
    return Cells(
        repeat_x=x,
        repeat_t_x=repeat["recency_days"].to_numpy(),
        repeat_age=repeat["age_days"].to_numpy(),
        repeat_weight=repeat["weight"].to_numpy(),
        once_age=once["age_days"].to_numpy(),
        once_weight=once["weight"].to_numpy(),
        age=ages["age_days"].to_numpy(),
        age_weight=ages["weight"].to_numpy(),
        longer_than=np.cumsum(counts[::-1])[::-1][1:].astype(np.float64),
    )


def sampled(histories: pl.DataFrame, *, customer_count: int) -> pl.DataFrame:
    """Every n-th customer of the sorted histories: about `customer_count`, the same ones at every run."""
    running = histories["weight"].cum_sum()
    every = float(running[-1]) / customer_count
    taken = (running / every).floor()
    return histories.with_columns((taken - taken.shift(1, fill_value=0.0)).alias("weight")).filter(pl.col("weight") > 0)


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
