"""What a merchant knew on a day, and how to go back to an earlier one: the point in time that every forecast stands on.

A forecast that is made from a `KnownHistory` cannot see a later day by mistake. Must not know a model by name.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import Any, Protocol, Self, TypeVar, cast

import numpy as np
import polars as pl

from ml.estimator import FloatArray, PurchaseEstimator, SpendEstimator, UnusableFitError
from ml.histories.first_orders import known_facts
from ml.histories.purchase_summary import net_purchase_days, summarise_net_days
from models.errors import StopError

Estimator = TypeVar("Estimator", bound=PurchaseEstimator | SpendEstimator)
Result = TypeVar("Result")


@dataclass(frozen=True)
class Outcome:
    """What happened to the customers of a history in the days after it.

    Attributes:
        by_customer: One row per row of the history's summary, in its order: `customer_id`, `purchase_count` (purchase
            days in the window), `spend` (of those days, after refunds known at the window's end) and `days_to_next`
            (from the history's end to the first of them; null when there is none).
        purchases_by_day: Purchase days of those customers by day of the window: element 0 is the day after the history.
        days: Days of the window.
    """

    by_customer: pl.DataFrame
    purchases_by_day: FloatArray
    days: int


class FitsModels(Protocol):
    """A way to fit a model on a history, such as under a prior."""

    def __call__(self, estimator: type[Estimator], history: "KnownHistory") -> Estimator:
        """The fitted model.

        Raises:
            UnusableFitError: The history does not carry it.
        """
        ...


@dataclass(frozen=True)
class KnownHistory:
    """All that was known of a merchant's purchases at the end of a day.

    Attributes:
        purchase_days: See `ml.histories.purchase_summary.net_purchase_days`. Rows after `as_of_date` may be there and
            are not seen.
        refunds: See there.
        as_of_date: The last day that is known.
        fits: How models are fitted on it and on its earlier days; None is on their own data alone.
        first_orders: See `ml.histories.first_orders.known_facts`.
    """

    purchase_days: pl.DataFrame
    refunds: pl.DataFrame | None
    as_of_date: date
    fits: FitsModels | None = None
    first_orders: pl.DataFrame | None = None
    _worked_out: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @cached_property
    def net_days(self) -> pl.DataFrame:
        """One row per customer-day up to `as_of_date`, sorted: `customer_id`, `purchase_date`, `units`."""
        return net_purchase_days(self.purchase_days, self.refunds, as_of_date=self.as_of_date)

    @cached_property
    def summary(self) -> pl.DataFrame:
        """`ml.histories.purchase_summary.SUMMARY_SCHEMA`, one row per customer, sorted by customer_id."""
        return summarise_net_days(self.net_days, as_of_date=self.as_of_date)

    @cached_property
    def facts(self) -> pl.DataFrame | None:
        """`ml.histories.first_orders.FACTS` of the summary's customers, in its order; None where none is known."""
        return known_facts(self.first_orders, self.summary["customer_id"], as_of_date=self.as_of_date)

    @cached_property
    def days(self) -> int:
        """From the first purchase day to `as_of_date`; 0 when nobody has bought."""
        age = self.summary["age_days"].max()
        return 0 if age is None else int(cast("float", age))

    def at(self, as_of_date: date) -> Self:
        """The same merchant on an earlier day, with the refunds known by then and no others; one history per day.

        Raises:
            StopError: The day is a later one: what happened up to it is not known here.
        """
        if as_of_date > self.as_of_date:
            raise StopError(f"a history that ends on {self.as_of_date} says nothing of {as_of_date}")
        return self.once(
            ("at", as_of_date),
            lambda: type(self)(self.purchase_days, self.refunds, as_of_date, self.fits, self.first_orders),
        )

    def before(self, days: int) -> Self:
        """The same merchant so many days ago."""
        return self.at(self.as_of_date - timedelta(days=days))

    def once(self, key: Hashable, make: Callable[[], Result]) -> Result:
        """What `make` says of this history, worked out once under a key and kept as long as the history is.

        Raises:
            UnusableFitError: `make` did; the same error each time.
        """
        if key not in self._worked_out:
            try:
                self._worked_out[key] = make()
            except UnusableFitError as error:
                self._worked_out[key] = error
        found = self._worked_out[key]
        if isinstance(found, UnusableFitError):
            raise found
        return cast("Result", found)

    def fitted(self, estimator: type[Estimator]) -> Estimator:
        """A model fitted on this history, once.

        Raises:
            UnusableFitError: The history does not carry that model; the same error each time.
        """
        fits = self.fits
        return cast(
            "Estimator",
            self.once(
                ("fitted", estimator),
                lambda: estimator().fit(self.summary) if fits is None else fits(estimator, self),
            ),
        )

    def outcome_of(self, earlier: "KnownHistory", *, days: int | None = None) -> Outcome:
        """What happened after an earlier day to the customers known on that day, as it is known now.

        Args:
            earlier: This history at an earlier day.
            days: Length of the window after it; None is up to this history's end.

        Raises:
            StopError: The window has no day, or ends after this history.
        """
        available = (self.as_of_date - earlier.as_of_date).days
        window = available if days is None else days
        if not 1 <= window <= available:
            raise StopError(f"{available} days are known after {earlier.as_of_date}; a window of {window} is not")
        end = earlier.as_of_date + timedelta(days=window)
        later = self.net_days if end == self.as_of_date else self.at(end).net_days
        held_out = (
            later.filter(pl.col("purchase_date") > earlier.as_of_date)
            .join(earlier.summary.select("customer_id"), on="customer_id", how="semi")
            .with_columns((pl.col("purchase_date") - pl.lit(earlier.as_of_date)).dt.total_days().alias("day"))
        )
        per_customer = held_out.group_by("customer_id").agg(
            pl.len().cast(pl.Float64).alias("purchase_count"),
            (pl.col("units").sum().cast(pl.Float64) / 10_000).alias("spend"),
            pl.col("day").min().cast(pl.Float64).alias("days_to_next"),
        )
        by_customer = (
            earlier.summary.select("customer_id")
            .join(per_customer, on="customer_id", how="left", maintain_order="left")
            .with_columns(pl.col("purchase_count", "spend").fill_null(0.0))
        )
        by_day = np.bincount(held_out["day"].to_numpy() - 1, minlength=window).astype(np.float64)
        return Outcome(by_customer, by_day, window)
