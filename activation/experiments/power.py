"""Power: the least effect that an experiment can be expected to find, before anything is sent.

What customers will spend within the window is not known yet; how much they will differ is, from the forecast: each
customer's own chance, and the differences between customers. The forecast explains the second, so with it as a
covariate (CUPED) only the first is left. Must not read a table.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Spread:
    """How customers' revenue within the window is expected to be spread.

    Attributes:
        customer_count: How many there are.
        mean: Revenue per customer.
        variance: Of revenue over customers.
        unexplained_variance: Of revenue about each customer's own forecast.
        base_rate: The share of customers who order.
    """

    customer_count: int
    mean: float
    variance: float
    unexplained_variance: float
    base_rate: float

    @property
    def variance_reduction(self) -> float:
        """The share of the variance that CUPED takes away, where the forecast is right."""
        return 1 - self.unexplained_variance / self.variance if self.variance > 0 else 0.0


@dataclass(frozen=True)
class DetectableEffect:
    """The least effects that are found with the given power.

    Attributes:
        revenue: Per customer, without the forecast as a covariate.
        adjusted_revenue: Per customer, with it.
        conversion: As a difference of shares.
        message_count: Customers who would be written to.
        holdout_count: Customers who would not.
        level: The intervals' level.
        power: The share of such effects that are found.
    """

    revenue: float
    adjusted_revenue: float
    conversion: float
    message_count: int
    holdout_count: int
    level: float
    power: float


def expected_spread(
    purchases: FloatArray, alive: FloatArray, order_amount: FloatArray, *, order_variation: float = 1.0
) -> Spread:
    """The spread that a forecast says revenue will have.

    A customer who is still one buys at a steady rate within the window, and one who is not buys nothing: a Poisson
    count where alive, and none elsewhere, times orders that vary about the customer's mean.

    Args:
        purchases: Expected within the window, whether alive or not; shape (n,).
        alive: The probability of being still a customer; shape (n,).
        order_amount: The mean of a customer's orders; shape (n,).
        order_variation: The standard deviation of a customer's orders over their mean.

    Raises:
        ValueError: There is nobody, or a forecast is not a finite number.
    """
    if not len(purchases) or not all(np.isfinite(values).all() for values in (purchases, alive, order_amount)):
        raise ValueError("the spread needs customers whose forecasts are finite numbers")
    alive = np.clip(alive, 1e-9, 1.0)
    rate = np.maximum(purchases, 0.0) / alive
    mean = purchases * order_amount
    count_variance = purchases + purchases**2 * (1 / alive - 1)
    variance = order_amount**2 * (count_variance + purchases * order_variation**2)
    return Spread(
        customer_count=len(purchases),
        mean=float(mean.mean()),
        variance=float(variance.mean() + mean.var()),
        unexplained_variance=float(variance.mean()),
        base_rate=float((alive * -np.expm1(-rate)).mean()),
    )


def minimum_detectable_effect(
    spread: Spread, holdout_share: float, *, level: float = 0.95, power: float = 0.8
) -> DetectableEffect:
    """The least effect that is found with the given power, by a two-sided test.

    Args:
        spread: Of the eligible customers.
        holdout_share: Of them, who is held out.
        level: 1 less the share of effects found where there is none.
        power: The share of effects of that size that are found.

    Raises:
        ValueError: A share does not lie between 0 and 1, or either arm would be empty.
    """
    if not (0 < holdout_share < 1 and 0 < level < 1 and 0 < power < 1):
        raise ValueError(f"shares lie between 0 and 1: holdout {holdout_share}, level {level}, power {power}")
    held = round(spread.customer_count * holdout_share)
    written = spread.customer_count - held
    if not held or not written:
        raise ValueError(f"{spread.customer_count} customers leave an arm empty at a holdout of {holdout_share:.0%}")
    factor = float(ndtri((1 + level) / 2) + ndtri(power)) * float(np.sqrt(1 / written + 1 / held))
    base = spread.base_rate
    return DetectableEffect(
        revenue=factor * float(np.sqrt(spread.variance)),
        adjusted_revenue=factor * float(np.sqrt(spread.unexplained_variance)),
        conversion=factor * float(np.sqrt(base * (1 - base))),
        message_count=written,
        holdout_count=held,
        level=level,
        power=power,
    )
