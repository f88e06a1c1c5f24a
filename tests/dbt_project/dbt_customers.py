"""What the marts say of buyers, worked out from their purchase days without SQL."""

from datetime import date
from itertools import pairwise

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
