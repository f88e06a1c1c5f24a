"""What the marts say of buyers, worked out from their purchase days and refunds without SQL."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from typing import Any

import polars as pl

# The usual days of docs/lifecycle.md, and what share of the intervals is shorter than each of the three thresholds.
USUAL = ((34, 50), (119, 80), (283, 95))
ENOUGH = 100


def lifecycle_thresholds(intervals: list[int]) -> tuple[int, int, int]:
    """After how many days customers are cooling, at risk and lapsed, given all times between purchase days."""
    known = sorted(intervals)
    own = min(len(known), ENOUGH)
    found = []
    for usual, percent in USUAL:
        # The first interval that at least so many per cent are not longer than.
        mine = known[-(-percent * len(known) // 100) - 1] if known else 0
        # Halves go up: all of this is in hundredths.
        found.append((own * mine + (ENOUGH - own) * usual + ENOUGH // 2) // ENOUGH)
    return found[0], found[1], found[2]


def customer_stages(merchant_id: str, as_of_date: date, purchase_days: pl.DataFrame) -> pl.DataFrame:
    """A merchant's buyers, each with the length of their last spell and their stage."""
    mine = purchase_days.filter(pl.col("merchant_id") == merchant_id)
    days: dict[str, list[date]] = {}
    for customer_id, day in mine.select("customer_id", "purchase_date").sort("purchase_date").rows():
        days.setdefault(customer_id, []).append(day)
    gaps = {customer: [(b - a).days for a, b in pairwise(found)] for customer, found in days.items()}
    cooling, at_risk, lapsed = lifecycle_thresholds([gap for found in gaps.values() for gap in found])
    rows = []
    for customer, found in days.items():
        spell, has_returned = 1, False
        for gap in gaps[customer]:
            spell, has_returned = (1, True) if gap > lapsed else (spell + 1, has_returned)
        silence = (as_of_date - found[-1]).days
        if silence <= cooling:
            stage = {1: "returned" if has_returned else "new", 2: "active"}.get(spell, "loyal")
        else:
            stage = "cooling" if silence <= at_risk else "at_risk" if silence <= lapsed else "lapsed"
        rows.append((merchant_id, customer, silence, len(found), spell, has_returned, stage))
    names = ("customer_id", "days_since_last_purchase", "purchase_day_count", "spell_day_count", "has_returned")
    return pl.DataFrame(rows, schema=["merchant_id", *names, "lifecycle_stage"], orient="row")


def weighed_buyers(merchant_id: str, half_life_days: int, as_of_date: date, *movements: pl.DataFrame) -> pl.DataFrame:
    """A merchant's buyers with the weight of their purchase days and what their purchases are worth by it.

    Args:
        merchant_id: Whose.
        half_life_days: After how many days a purchase weighs half.
        as_of_date: When it weighs 1.
        *movements: The purchase days, then the refunds; both with `purchase_date`, and `amount` in ten-thousandths.

    Returns:
        `merchant_id`, `customer_id`, `purchase_weight` (as text, nine places) and
        `weighted_net_amount` in ten-thousandths.
    """
    weights: dict[str, Decimal] = {}
    amounts: dict[str, Decimal] = {}
    for sign, facts in zip((1, -1), movements, strict=True):
        mine = facts.filter(pl.col("merchant_id") == merchant_id, pl.col("purchase_date").is_not_null())
        for customer, day, amount in mine.select("customer_id", "purchase_date", "amount").rows():
            exact = Decimal(format(0.5 ** ((as_of_date - day).days / half_life_days), ".15g"))
            weight = exact.quantize(Decimal("1e-9"), ROUND_HALF_UP)
            weights[customer] = weights.get(customer, Decimal(0)) + (weight if sign > 0 else 0)
            worth = (amount * weight).quantize(Decimal(1), ROUND_HALF_UP)
            amounts[customer] = amounts.get(customer, Decimal(0)) + sign * worth
    rows = [(merchant_id, c, format(weight, "f"), int(amounts[c])) for c, weight in weights.items()]
    names = ["merchant_id", "customer_id", "purchase_weight", "weighted_net_amount"]
    return pl.DataFrame(rows, schema=names, orient="row")


def quintile(values: list[Any]) -> list[int]:
    """One more than the number of quintile boundaries that lie strictly below a value."""
    ordered = sorted(values)
    cuts = [ordered[-(-k * len(ordered) // 5) - 1] for k in range(1, 5)]
    return [1 + sum(value > cut for cut in cuts) for value in values]
