"""Lift: what a message brought per customer and in all, against the customers who were held out.

Revenue is mostly zeros with a long tail, and one arm is a tenth of the other: intervals from a normal or t distribution
find effects of nothing twice as often as they say. The difference of means is adjusted by a forecast made before
sending (CUPED: Deng, Xu, Kohavi and Walker 2013), and its interval is that of `permutation`. No outcome is cut off: a
large order is money too. Must not read a table.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from activation.experiments.permutation import Difference

FloatArray = NDArray[np.float64]

FEWEST_CUSTOMERS = 50
FEWEST_BUYERS = 10
"""Of each arm. With fewer, no interval for a mean of revenue holds what it promises."""


class TooFewError(ValueError):
    """The arms are too small to say anything; the message says which, and what is needed."""


@dataclass(frozen=True)
class ArmOutcomes:
    """What the customers of one arm did, one entry per customer.

    Attributes:
        revenue: Within the window, in one currency; shape (n,).
        forecast: The revenue that was expected of each within the window before anything was sent; shape (n,).
        is_buyer: Whether each ordered within the window; shape (n,).
    """

    revenue: FloatArray
    forecast: FloatArray
    is_buyer: NDArray[np.bool_]

    def __post_init__(self) -> None:
        if not self.revenue.shape == self.forecast.shape == self.is_buyer.shape or self.revenue.ndim != 1:
            raise ValueError(
                f"shapes {self.revenue.shape}, {self.forecast.shape} and {self.is_buyer.shape} are not one customer's"
            )
        if not (np.isfinite(self.revenue).all() and np.isfinite(self.forecast).all()):
            raise ValueError("revenue and forecasts must be finite numbers")

    @property
    def customer_count(self) -> int:
        """Customers in the arm."""
        return len(self.revenue)

    @property
    def buyer_count(self) -> int:
        """Of them, who ordered."""
        return int(np.count_nonzero(self.is_buyer))


@dataclass(frozen=True)
class Interval:
    """An estimate between its ends.

    Attributes:
        estimate: The middle, in the reader's sense: not always halfway.
        low: The lower end.
        high: The upper end.
    """

    estimate: float
    low: float
    high: float

    def times(self, factor: float) -> "Interval":
        """So many times as much; the factor is not negative."""
        return Interval(self.estimate * factor, self.low * factor, self.high * factor)

    @property
    def is_clear_of_zero(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class Lift:
    """What the message brought.

    Attributes:
        revenue: Incremental revenue per customer of the message's arm.
        total_revenue: The same over all of them.
        unadjusted: Incremental revenue per customer without the forecast, for comparison.
        conversion: Difference of the shares that ordered.
        variance_reduction: The share of the estimate's variance that the forecast takes away; below 0 it adds some.
        p_value: Of no incremental revenue, two-sided.
        level: The intervals' level.
    """

    revenue: Interval
    total_revenue: Interval
    unadjusted: Interval
    conversion: Interval
    variance_reduction: float
    p_value: float
    level: float


def lift(message: ArmOutcomes, holdout: ArmOutcomes, *, level: float = 0.95, deals: int | None = None) -> Lift:
    """What the message's arm spent more than the holdout.

    Args:
        message: Customers who were to get the message, whether or not it reached them.
        holdout: Customers who were not.
        level: The level of the intervals.
        deals: See `Difference.of`.

    Raises:
        TooFewError: An arm has fewer than 50 customers or 10 buyers.
    """
    refuse_too_few(message, holdout)
    slope = _slope(message, holdout)
    # The forecast's own mean is taken from both arms: adding a constant to both changes no difference.
    adjusted = Difference.of(
        message.revenue - slope * message.forecast, holdout.revenue - slope * holdout.forecast, deals=deals
    )
    plain = Difference.of(message.revenue, holdout.revenue, deals=deals)
    revenue = Interval(adjusted.estimate, *adjusted.interval(level))
    return Lift(
        revenue=revenue,
        total_revenue=revenue.times(message.customer_count),
        unadjusted=Interval(plain.estimate, *plain.interval(level)),
        conversion=conversion_lift(message, holdout, level=level),
        variance_reduction=1 - (adjusted.error / plain.error) ** 2 if plain.error > 0 else 0.0,
        p_value=adjusted.p_value,
        level=level,
    )


def refuse_too_few(message: ArmOutcomes, holdout: ArmOutcomes) -> None:
    """Refuse arms of which nothing can be said.

    Raises:
        TooFewError: An arm has fewer than 50 customers or 10 buyers.
    """
    for name, arm in (("message", message), ("holdout", holdout)):
        if arm.customer_count < FEWEST_CUSTOMERS:
            raise TooFewError(f"the {name} arm has {arm.customer_count} customers; {FEWEST_CUSTOMERS} are needed")
        if arm.buyer_count < FEWEST_BUYERS:
            raise TooFewError(
                f"of the {name} arm's {arm.customer_count} customers {arm.buyer_count} have ordered; "
                f"{FEWEST_BUYERS} are needed"
            )


def conversion_lift(message: ArmOutcomes, holdout: ArmOutcomes, *, level: float = 0.95) -> Interval:
    """The difference of the shares that ordered, with Newcombe's hybrid score interval (1998, method 10)."""
    p1, low1, high1 = _wilson(message.buyer_count, message.customer_count, level)
    p2, low2, high2 = _wilson(holdout.buyer_count, holdout.customer_count, level)
    below, above = np.hypot(p1 - low1, high2 - p2), np.hypot(high1 - p1, p2 - low2)
    return Interval(p1 - p2, p1 - p2 - float(below), p1 - p2 + float(above))


def _wilson(count: int, size: int, level: float) -> tuple[float, float, float]:
    z = float(ndtri((1 + level) / 2))
    share = count / size
    centre = (share + z**2 / (2 * size)) / (1 + z**2 / size)
    half = z * np.sqrt(share * (1 - share) / size + z**2 / (4 * size**2)) / (1 + z**2 / size)
    return share, float(centre - half), float(centre + half)


def _slope(message: ArmOutcomes, holdout: ArmOutcomes) -> float:
    """The slope of revenue on the forecast over everybody.

    From both arms at once, without asking who is in which: so it is the same for every deal, and the permutation test
    stays exact. A holdout alone would tell it by its tail.
    """
    revenue = np.concatenate([message.revenue, holdout.revenue])
    forecast = np.concatenate([message.forecast, holdout.forecast])
    centred = forecast - forecast.mean()
    spread = float(centred @ centred)
    return float(centred @ revenue) / spread if spread > 0 else 0.0


def outcomes_of(revenue: Any, forecast: Any, is_buyer: Any) -> ArmOutcomes:  # noqa: ANN401 - any sequence of numbers
    """An arm from sequences of numbers."""
    return ArmOutcomes(
        np.asarray(revenue, dtype=np.float64),
        np.asarray(forecast, dtype=np.float64),
        np.asarray(is_buyer, dtype=np.bool_),
    )
