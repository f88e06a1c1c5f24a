"""When synthetic customers buy and what they spend: the processes that the models assume, simulated exactly.

While active a customer buys at random times (a Poisson process) at a rate of their own, and after a repeat purchase
leaves for good with a probability of their own; rates are Gamma and probabilities Beta distributed across customers
(Fader, Hardie and Lee, "Counting your customers the easy way", 2005). What an order costs is Gamma distributed around
a mean of the customer's own, and the means are inverse Gamma across customers (Fader and Hardie, "The Gamma-Gamma model
of monetary value", 2013). Seasons and changes of regime stretch time, which keeps the process exact.

Written from the papers for testing what `ml` estimates; must not share code with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, gammaincinv

from connectors.sandbox.draws import Floats, uniforms
from models.errors import MisconfiguredError

Integers = NDArray[np.int64]

# What each stream of draws is for. Adding one changes no other; renumbering changes every merchant.
TRAITS, WAITING, AMOUNT, PLACE, REFUND, REFUND_PART, SECOND_REFUND, PERSON, ROBOT = range(9)

_MAXIMUM_SPEND = 1e9


@dataclass(frozen=True)
class PurchaseParameters:
    """The population of a BG/NBD purchase process, in days.

    Attributes:
        r: Shape of the purchase rates' Gamma distribution.
        alpha_days: Its rate: the mean customer buys `r / alpha_days` times a day while active.
        a: First shape of the dropout probabilities' Beta distribution, whose mean is `a / (a + b)`.
        b: Its second shape.
        leaves_after_first: Whether the first purchase can already be the last (MBG/NBD); in BG/NBD it cannot.
    """

    r: float
    alpha_days: float
    a: float
    b: float
    leaves_after_first: bool = False

    def __post_init__(self) -> None:
        for name in ("r", "alpha_days", "a", "b"):
            require_positive(f"purchases.{name}", getattr(self, name))
        if self.r / self.alpha_days > 20:
            raise MisconfiguredError("purchases.alpha_days", "makes the mean customer buy over 20 times a day")


@dataclass(frozen=True)
class SpendParameters:
    """The population of a Gamma-Gamma spend process, in the merchant's currency.

    Attributes:
        p: Shape of the amounts around a customer's mean.
        q: Shape of the spread between customers; above 1, for the mean to exist.
        v: Its scale: the mean order costs `p * v / (q - 1)`.
    """

    p: float
    q: float
    v: float

    def __post_init__(self) -> None:
        for name in ("p", "q", "v"):
            require_positive(f"spend.{name}", getattr(self, name))
        if self.q <= 1:
            raise MisconfiguredError("spend.q", f"is {self.q:g}; it must be above 1, or mean spend does not exist")

    @property
    def mean_amount(self) -> float:
        """What the mean order costs, over all customers."""
        return self.p * self.v / (self.q - 1)


def require_positive(key: str, value: float) -> None:
    """Refuse a number that is not positive and finite.

    Raises:
        MisconfiguredError: It is not; the message names the key.
    """
    if not (np.isfinite(value) and value > 0):
        raise MisconfiguredError(key, f"is {value:g}; it must be a positive number")


@dataclass(frozen=True)
class Traits:
    """What customers are, and nobody can observe: one element per customer.

    Attributes:
        purchase_rate: Purchases per day while active, when the pace of the clock is 1.
        dropout_probability: The probability that a purchase is the last.
        repeat_limit: The number of the repeat purchase after which they leave; infinite if they never do.
        mean_spend: What they spend on an order in the mean, in the merchant's currency.
        acquisition: Where in the acquisition curve they come, 0 (first) to 1 (last).
    """

    purchase_rate: Floats
    dropout_probability: Floats
    repeat_limit: Floats
    mean_spend: Floats
    acquisition: Floats


def traits_of(seed: int, customers: Integers, purchases: PurchaseParameters, spend: SpendParameters) -> Traits:
    """The traits of these customers; customer n of a seed is always the same."""
    rate, dropout = uniforms(seed, customers, stream=TRAITS, index=0)
    lifetime, rate_of_spend = uniforms(seed, customers, stream=TRAITS, index=1)
    acquisition, _ = uniforms(seed, customers, stream=TRAITS, index=2)
    probability = betaincinv(purchases.a, purchases.b, dropout)
    with np.errstate(divide="ignore", over="ignore"):
        # A geometric number of purchases, the last of which is the one they leave after.
        limit = np.maximum(np.ceil(np.log(lifetime) / np.log1p(-probability)), 1.0)
        mean_spend = spend.p * spend.v / gammaincinv(spend.q, rate_of_spend)
    return Traits(
        purchase_rate=np.asarray(gammaincinv(purchases.r, rate), dtype=np.float64) / purchases.alpha_days,
        dropout_probability=probability,
        repeat_limit=limit - 1.0 if purchases.leaves_after_first else limit,
        mean_spend=np.minimum(mean_spend, _MAXIMUM_SPEND),
        acquisition=acquisition,
    )


@dataclass(frozen=True)
class PurchaseClock:
    """The pace of purchases over the calendar: time runs faster in a busy month, and stands still when nobody buys.

    Attributes:
        calendar_days: Points in time, in days since the start, ascending; the last is the end of the window.
        operational_days: How much purchasing time has passed at each, from 0.
    """

    calendar_days: Floats
    operational_days: Floats

    @classmethod
    def from_paces(cls, calendar_days: Sequence[float], paces: Sequence[float]) -> "PurchaseClock":
        """A clock with one pace, 0 or more, between each two of the points in time."""
        points = np.asarray(calendar_days, dtype=np.float64)
        passed = np.concatenate(([0.0], np.cumsum(np.diff(points) * np.asarray(paces, dtype=np.float64))))
        return cls(points, passed)

    def operational(self, calendar_days: Floats) -> Floats:
        """Purchasing time at these points of the calendar."""
        return np.interp(calendar_days, self.calendar_days, self.operational_days)

    def calendar(self, operational_days: Floats) -> Floats:
        """The points of the calendar at which that much purchasing time has passed."""
        return np.interp(operational_days, self.operational_days, self.calendar_days)


@dataclass(frozen=True)
class Purchases:
    """The purchases of some customers within the window, by customer and then by time.

    Attributes:
        position: Whose purchase it is, as an index into the customers given; shape (purchases,).
        number: Which of theirs: 0 is the first, 1 the first repeat purchase.
        at_days: When, in days since the start.
        died_at_days: When each customer left, in days since the start; infinite if not within the window. Shape
            (customers,).
    """

    position: Integers
    number: Integers
    at_days: Floats
    died_at_days: Floats


def simulate_purchases(
    seed: int, customers: Integers, traits: Traits, acquired_at_days: Floats, clock: PurchaseClock
) -> Purchases:
    """All purchases of these customers from their acquisition to the end of the clock's window.

    Args:
        seed: The merchant's seed.
        customers: The customers' numbers; shape (n,).
        traits: Theirs.
        acquired_at_days: When each made the first purchase, in days since the start; shape (n,).
        clock: The pace of purchases.
    """
    everyone = np.arange(len(customers), dtype=np.int64)
    died_at = np.where(traits.repeat_limit == 0, acquired_at_days, np.inf)
    positions, numbers, times = [everyone], [np.zeros_like(everyone)], [acquired_at_days]

    active = everyone[traits.repeat_limit > 0]
    passed = clock.operational(acquired_at_days[active])
    end = clock.operational_days[-1]
    number, spare = 0, np.empty(0)
    while active.size:
        number += 1
        if number % 2:
            draw, spare = uniforms(seed, customers[active], stream=WAITING, index=number // 2)
        else:
            draw = spare
        with np.errstate(divide="ignore"):
            passed = passed - np.log(draw) / traits.purchase_rate[active]
        is_within = passed < end
        active, passed, spare = active[is_within], passed[is_within], spare[is_within]
        at = clock.calendar(passed)
        positions.append(active)
        numbers.append(np.full(active.size, number, dtype=np.int64))
        times.append(at)
        is_last = traits.repeat_limit[active] <= number
        died_at[active[is_last]] = at[is_last]
        active, passed, spare = active[~is_last], passed[~is_last], spare[~is_last]

    position = np.concatenate(positions)
    order = np.argsort(position, kind="stable")
    return Purchases(position[order], np.concatenate(numbers)[order], np.concatenate(times)[order], died_at)


def spend_amounts(
    seed: int, customers: Integers, numbers: Integers, mean_spend: Floats, p: float
) -> tuple[Floats, Floats]:
    """What purchases cost, in the merchant's currency.

    Args:
        seed: The merchant's seed.
        customers: Whose purchases they are.
        numbers: Which of theirs.
        mean_spend: The mean of each purchase's customer.
        p: The amounts' shape.

    Returns:
        The amounts, and a spare uniform number for each purchase.
    """
    quantile, spare = uniforms(seed, customers, stream=AMOUNT, index=numbers)
    return gammaincinv(p, quantile) * mean_spend / p, spare


@dataclass(frozen=True)
class RegimeChange:
    """A lasting change of how often customers buy.

    Attributes:
        starts_on: The first day of the new regime.
        factor: What every purchase rate is multiplied by from then on.
    """

    starts_on: date
    factor: float

    def __post_init__(self) -> None:
        if not (np.isfinite(self.factor) and self.factor >= 0):
            raise MisconfiguredError("regime_change.factor", f"is {self.factor:g}; it must be 0 or more")
