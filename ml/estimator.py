"""What every model of the buying process and of spend offers, and how a fit that must not be used says so.

A new model is one module with one class that follows `PurchaseEstimator` or `SpendEstimator`; churn, lifetime value and
validation work through these protocols and know no model by name.

Must not hold a model's mathematics.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Protocol, Self

import numpy as np
import numpy.typing as npt
import polars as pl

from models.errors import StopError

FloatArray = npt.NDArray[np.float64]


class FitStatus(StrEnum):
    """How a fit ended. Only `CONVERGED` parameters may be used for a forecast."""

    CONVERGED = "converged"
    TOO_FEW_CUSTOMERS = "too_few_customers"
    HISTORY_TOO_SHORT = "history_too_short"
    NOBODY_DROPS_OUT = "nobody_drops_out"
    EVERYBODY_DROPS_OUT = "everybody_drops_out"
    SAME_RATE_FOR_ALL = "same_rate_for_all"
    SAME_DROPOUT_FOR_ALL = "same_dropout_for_all"
    SAME_SPEND_FOR_ALL = "same_spend_for_all"
    EVERY_PURCHASE_COSTS_THE_SAME = "every_purchase_costs_the_same"
    EXTREME_PARAMETERS = "extreme_parameters"
    NOT_CONVERGED = "not_converged"


@dataclass(frozen=True)
class FitReport:
    """What a fit did.

    Attributes:
        model_name: The model that was fitted.
        status: How it ended.
        message: The same in words: which property of the data is the cause, and the way out. Empty when converged on
            the data alone; where a prior helped, why it had to.
        parameters: The parameters reached, under the papers' letters; empty when there was nothing to fit.
        standard_errors: Their asymptotic standard errors; empty unless converged.
        log_likelihood: At those parameters, with time in days. Null when there was nothing to fit.
        customer_count: Customers that the likelihood is made of.
        repeat_customer_count: Those among them with repeat purchases (or repeat spend).
        pass_count: Newton passes over the data, all starts together.
        start_count: Starting points that were tried.
        log_covariance: Covariance of the parameters' logarithms, rows in the parameters' order; empty unless converged.
        prior_share: How much of what is known of the parameters is prior, 0 to 1 (docs/models.md, eq. 33).
        prior_version: Which prior that is; empty without one.
        mean_spend: Mean spend of a purchase day in the data, of a model of spend; null of others.
    """

    model_name: str
    status: FitStatus
    message: str
    parameters: dict[str, float]
    standard_errors: dict[str, float]
    log_likelihood: float | None
    customer_count: int
    repeat_customer_count: int
    pass_count: int = 0
    start_count: int = 0
    log_covariance: tuple[tuple[float, ...], ...] = ()
    prior_share: float = 0.0
    prior_version: str = ""
    mean_spend: float | None = None

    @property
    def is_usable(self) -> bool:
        """Whether a forecast may stand on these parameters."""
        return self.status is FitStatus.CONVERGED


class UnusableFitError(StopError):
    """A fit ended at a boundary of the model, did not converge, or had too little to work on.

    Args:
        report: What the fit did; its message is the error's.
    """

    def __init__(self, report: FitReport) -> None:
        super().__init__(f"{report.model_name}: {report.message}")
        self.report = report


class PurchaseEstimator(Protocol):
    """A model of when customers buy again and when they leave. Time goes in and comes out in days.

    Every method that takes a `summary` (`ml.histories.purchase_summary`) reads its `frequency`, `recency_days` and
    `age_days`, and returns one number per row, in the rows' order.
    """

    name: ClassVar[str]
    params_: dict[str, float]
    report_: FitReport | None

    @classmethod
    def from_parameters(cls, **parameters: float) -> Self:
        """An estimator with given parameters, times in days; raises StopError unless all are there, and valid."""
        ...

    def fit(self, summary: pl.DataFrame) -> Self:
        """Fit by maximum likelihood; raises `UnusableFitError` rather than keep parameters that mean nothing."""
        ...

    def log_likelihood(self, summary: pl.DataFrame) -> FloatArray:
        """The log-likelihood of each customer's history."""
        ...

    def probability_alive(self, summary: pl.DataFrame) -> FloatArray:
        """The probability that the customer has not left for good."""
        ...

    def probability_of_no_purchase(self, summary: pl.DataFrame, horizon_days: float) -> FloatArray:
        """The probability of no purchase day within the next `horizon_days`."""
        ...

    def expected_purchases(self, summary: pl.DataFrame, horizon_days: float) -> FloatArray:
        """The expected number of purchase days within the next `horizon_days`, given the history."""
        ...

    def expected_purchases_while_alive(
        self, frequency: FloatArray, age_days: FloatArray, horizon_days: FloatArray
    ) -> FloatArray:
        """The same for customers known to be alive, who differ in x and T only.

        Args:
            frequency: x, shape (n,).
            age_days: T, shape (n,).
            horizon_days: Horizons, shape (n, k).

        Returns:
            Expected purchase days, shape (n, k).
        """
        ...

    def purchase_count_probabilities_while_alive(
        self, frequency: FloatArray, age_days: FloatArray, horizon_days: FloatArray, highest: int
    ) -> FloatArray:
        """The probabilities of 0, 1, …, `highest` purchase days within a horizon, of customers known to be alive.

        Args:
            frequency: x, shape (n,).
            age_days: T, shape (n,).
            horizon_days: One horizon for each, shape (n,).
            highest: The last count, zero or more.

        Returns:
            Shape (n, highest + 1); a row adds up to one less the probability of more than `highest`.
        """
        ...

    def expected_lifetime_while_alive(self, frequency: FloatArray, age_days: FloatArray) -> FloatArray:
        """The expected days until a living customer leaves, shape (n,); infinite where there is no such expectation."""
        ...

    def time_scale_days(self, frequency: FloatArray, age_days: FloatArray) -> FloatArray:
        """The horizon up to which expected purchases while alive grow about evenly, in days, shape (n,).

        Numerical integration over horizons takes its steps in proportion: at least as far back in time must the
        expectation be free of singularities.
        """
        ...

    def expected_repeat_purchases(self, age_days: FloatArray) -> FloatArray:
        """The expected repeat purchase days of a new customer by an age, nothing else being known. Shape (n,)."""
        ...


@dataclass(frozen=True)
class RelativeTotals:
    """Distributions of what 1 … K purchase days cost together, over a scale that is the customer's.

    Attributes:
        log_totals: Logarithms of total over scale, evenly spaced and rising, shape (g,).
        probabilities: P(the total of k days is at most that), shape (K, g); row 0 is of one day.
        low_power: Below the table they fall as this power of the total.
        high_power: Above it, the probability of more falls as this power of one over the total.
    """

    log_totals: FloatArray
    probabilities: FloatArray
    low_power: float
    high_power: float


class SpendEstimator(Protocol):
    """A model of what a purchase day costs. Reads `spend_day_count` and `monetary_value` of a summary."""

    name: ClassVar[str]
    params_: dict[str, float]
    report_: FitReport | None

    def fit(self, summary: pl.DataFrame) -> Self:
        """Fit by maximum likelihood; raises `UnusableFitError` rather than keep parameters that mean nothing."""
        ...

    def expected_spend(self, summary: pl.DataFrame) -> FloatArray:
        """The expected spend of each customer's next purchase day, in the merchant's currency."""
        ...

    def spend_scale(self, summary: pl.DataFrame) -> FloatArray:
        """What customers with as many spend days differ in, in the merchant's currency, shape (n,), above zero."""
        ...

    def spend_variances(self, summary: pl.DataFrame) -> tuple[FloatArray, FloatArray]:
        """Of a purchase day's spend around the customer's own mean, and of that mean as far as it is not known.

        In the square of the merchant's currency, finite, shape (n,) each.
        """
        ...

    def relative_totals(self, spend_day_count: float, highest: int) -> RelativeTotals:
        """What 1 … `highest` purchase days cost together, over the scale of a customer with so many spend days."""
        ...


def column(summary: pl.DataFrame, name: str) -> FloatArray:
    """A column of a summary as floats, nulls as NaN.

    Raises:
        StopError: The summary lacks the column.
    """
    if name not in summary.columns:
        raise StopError(
            f"the purchase summary lacks the column {name}; it has {', '.join(summary.columns) or 'none'}. "
            "Make it with ml.histories.purchase_summary.summarise_purchases."
        )
    return summary[name].cast(pl.Float64).to_numpy()


def refuse_horizon(horizon_days: float) -> None:
    """Raise StopError unless a horizon is a finite number of days, zero or more."""
    if not (np.isfinite(horizon_days) and horizon_days >= 0):
        raise StopError(f"a horizon is a finite number of days, zero or more; {horizon_days} is not")
