"""Reward budget by value: who gets which reward, so that what rewards bring exceeds what they cost, within a cap.

A reward is worth, to a merchant, the margin of what it brings about, which is a share (the uplift) of what the customer
is worth anyhow. Nobody gets one whose cost the upper bound of that would not pay. Under the cap the rewards go where
another unit of money brings most: each customer's rewards are steps of falling return (the upper hull of gain over
cost), and the steps of all customers are taken the best first, which is the optimum of the relaxed choice and at most
one step away from the exact one (Sinha and Zoltners 1979, "The multiple-choice knapsack problem"). Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import polars as pl

Floats = npt.NDArray[np.float64]

VALUES: dict[str, pl.DataType | type[pl.DataType]] = {
    "customer_id": pl.String,
    "clv": pl.Float64,
    "clv_low": pl.Float64,
    "clv_high": pl.Float64,
}
"""One row per customer: what they will be worth over the horizon, in the merchant's currency, with its interval."""

CHOICES: dict[str, pl.DataType | type[pl.DataType]] = {
    "customer_id": pl.String,
    "reward": pl.String,
    "cost": pl.Float64,
    "expected_gain": pl.Float64,
    "most_gain": pl.Float64,
    "return_rate": pl.Float64,
    "reason": pl.String,
}
"""One row per customer: the reward, or null; amounts are expected over all who are given one, in money."""


@dataclass(frozen=True)
class Offer:
    """A reward that may be given.

    Attributes:
        name: The reward.
        cost: What it costs when it is used, in money.
        uplift_low: The lower end of the share by which it raises what a customer is worth.
        uplift: The best estimate.
        uplift_high: The upper end.
    """

    name: str
    cost: float
    uplift_low: float
    uplift: float
    uplift_high: float

    def __post_init__(self) -> None:
        if not (self.cost > 0 and self.uplift_low <= self.uplift <= self.uplift_high):
            raise ValueError(f"{self.name}: a reward costs something, and its uplift lies within its interval")


@dataclass(frozen=True)
class BudgetChoice:
    """Who gets which reward.

    Attributes:
        choices: As `CHOICES`, in the order of the customers.
        liability: What the rewards cost, expected, in money.
        worst_liability: What they cost if every one is used; never above the cap.
        expected_gain: The margin that they bring, expected, less what they cost.
        cap: The cap that was kept.
    """

    choices: pl.DataFrame
    liability: float
    worst_liability: float
    expected_gain: float
    cap: float


def choose_rewards(
    values: pl.DataFrame, offers: Sequence[Offer], *, margin_rate: float, redemption_rate: float, cap: float
) -> BudgetChoice:
    """Who gets which reward, at most one each.

    The uplift of a reward is that of being given it, whether it is used or not; its cost arises when it is used.

    Args:
        values: As `VALUES`.
        offers: The rewards.
        margin_rate: The margin of another unit of revenue.
        redemption_rate: The share of given rewards that are used.
        cap: The most that the given rewards may cost if every one is used.

    Returns:
        The choice. Ties go to the customer with the smaller id: the same input leads to the same choice.

    Raises:
        ValueError: A rate is none, or the cap is below zero.
    """
    if not (0 < margin_rate <= 1 and 0 < redemption_rate <= 1 and cap >= 0):
        raise ValueError("rates lie above 0 and up to 1, and a cap is not below zero")
    ordered = values.with_columns(pl.col("clv", "clv_high").fill_null(0).clip(lower_bound=0)).sort("customer_id")
    clv, high = ordered["clv"].to_numpy(), ordered["clv_high"].to_numpy()
    high = np.maximum(high, clv)
    count = len(clv)
    chosen = np.full(count, -1)
    spent = 0.0
    for customer, before, offer, step_cost in _best_steps(clv, high, offers, margin_rate, redemption_rate):
        # A smaller step of somebody else may still fit; one beyond a step that did not is none.
        if chosen[customer] != before or spent + step_cost > cap * (1 + 1e-12):
            continue
        chosen[customer] = offer
        spent += step_cost
    return _told(ordered, clv, high, chosen, offers, margin_rate, redemption_rate, cap)


def _gains(
    clv: Floats, high: Floats, offer: Offer, margin_rate: float, redemption_rate: float
) -> tuple[Floats, npt.NDArray[np.bool_], float]:
    """The expected net gain of giving everybody a reward, who may get it, and what it costs, expected."""
    cost = offer.cost * redemption_rate
    gain = margin_rate * clv * offer.uplift - cost
    most = margin_rate * high * max(offer.uplift_high, 0.0)
    # The upper bound has to pay the whole reward: whoever is given one may use it.
    return gain, (most >= offer.cost) & (gain > 0), cost


def _best_steps(
    clv: Floats, high: Floats, offers: Sequence[Offer], margin_rate: float, redemption_rate: float
) -> list[tuple[int, int, int, float]]:
    """Steps from no reward, or a smaller one, to a better one, the best return first: customer, before, after, cost.

    A customer's steps come in the order of their cost, for their returns fall.
    """
    by_cost = sorted(range(len(offers)), key=lambda n: (offers[n].cost, n))
    told = {n: _gains(clv, high, offers[n], margin_rate, redemption_rate) for n in by_cost}
    steps: list[tuple[float, int, float, int, int]] = []
    for customer in np.flatnonzero(np.any([may for _, may, _ in told.values()], axis=0)) if offers else ():
        hull: list[tuple[float, float, int]] = [(0.0, 0.0, -1)]
        for n in by_cost:
            gain, may, _ = told[n]
            point = (offers[n].cost, float(gain[customer]), n)
            if not may[customer] or point[1] <= hull[-1][1]:
                continue
            while len(hull) > 1 and _slope(hull[-2], hull[-1]) <= _slope(hull[-2], point):
                hull.pop()
            hull.append(point)
        for before, after in pairwise(hull):
            steps.append((-_slope(before, after), int(customer), after[0] - before[0], before[2], after[2]))
    steps.sort()
    return [(customer, before, after, cost) for _, customer, cost, before, after in steps]


def _slope(before: tuple[float, float, int], after: tuple[float, float, int]) -> float:
    width = after[0] - before[0]
    return (after[1] - before[1]) / width if width > 0 else float("inf")


def _told(
    ordered: pl.DataFrame,
    clv: Floats,
    high: Floats,
    chosen: npt.NDArray[np.int_],
    offers: Sequence[Offer],
    margin_rate: float,
    redemption_rate: float,
    cap: float,
) -> BudgetChoice:
    count = len(clv)
    cost, gain, most = np.zeros(count), np.zeros(count), np.zeros(count)
    may_any, pays_any = np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
    for n, offer in enumerate(offers):
        expected, may, offer_cost = _gains(clv, high, offer, margin_rate, redemption_rate)
        is_it = chosen == n
        cost[is_it], gain[is_it] = offer_cost, expected[is_it]
        most[is_it] = margin_rate * high[is_it] * max(offer.uplift_high, 0.0)
        may_any |= may
        pays_any |= margin_rate * high * max(offer.uplift_high, 0.0) >= offer.cost
    reason = np.select(
        [chosen >= 0, ~pays_any, ~may_any],
        [
            "it is expected to bring more than it costs",
            "even the upper bound of what it could bring does not pay for it",
            "it is not expected to bring what it costs",
        ],
        default="the cap is used up by customers of whom it brings more",
    )
    names = [offer.name for offer in offers]
    with np.errstate(divide="ignore", invalid="ignore"):
        returns = np.where(cost > 0, gain / np.where(cost > 0, cost, 1.0), np.nan)
    choices = pl.DataFrame(
        {
            "customer_id": ordered["customer_id"],
            "reward": [names[n] if n >= 0 else None for n in chosen],
            "cost": cost,
            "expected_gain": gain,
            "most_gain": most,
            "return_rate": pl.Series(returns).fill_nan(None),
            "reason": reason,
        },
        schema=CHOICES,
    )
    worst = sum(offers[n].cost for n in chosen if n >= 0)
    return BudgetChoice(choices, float(cost.sum()), float(worst), float(gain.sum()), cap)
