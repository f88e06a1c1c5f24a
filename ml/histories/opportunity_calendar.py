"""Opportunities by the calendar: whole weeks, months, quarters or years, counted back from a history's last day.

Counted back, and not from a month's first, so that each of them is over and whole on any day, and a box that ships in
the middle of the month has one of its own. The last one ends with the history and is number 0. Must not know a model.
"""

from calendar import monthrange
from datetime import date, timedelta
from enum import StrEnum

import polars as pl


class Opportunity(StrEnum):
    """How long an opportunity lasts: in each of them a customer buys, or lets it pass."""

    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"

    @property
    def months(self) -> int:
        """Its months; 0 for a week, which has none."""
        return {"week": 0, "month": 1, "quarter": 3, "year": 12}[self.value]


def opportunity_number(opportunity: Opportunity, *, as_of_date: date) -> pl.Expr:
    """The number of the opportunity that a `purchase_date` fell into: 0 the last, -1 the one before, and so on.

    Args:
        opportunity: How long each is.
        as_of_date: The day with which number 0 ends.
    """
    day = pl.col("purchase_date")
    if not opportunity.months:
        return -((pl.lit(as_of_date) - day).dt.total_days() // 7)
    months = (as_of_date.year - day.dt.year().cast(pl.Int64)) * 12 + as_of_date.month - day.dt.month().cast(pl.Int64)
    return -((months - (day.dt.day() > as_of_date.day).cast(pl.Int64)) // opportunity.months)


def opportunities_ahead(opportunity: Opportunity, *, as_of_date: date, horizon_days: int) -> tuple[int, float]:
    """The whole opportunities within a horizon, and the share of the next one that lies within it.

    Args:
        opportunity: How long each is.
        as_of_date: The day after which the horizon and the first opportunity begin.
        horizon_days: Zero or more.

    Returns:
        A whole number, and a share from 0 up to 1: the chance that the next one's day comes in time, if nothing is
        known of it.
    """
    if not opportunity.months:
        return horizon_days // 7, horizon_days % 7 / 7.0
    end = as_of_date + timedelta(days=horizon_days)
    whole = max(0, ((end.year - as_of_date.year) * 12 + end.month - as_of_date.month) // opportunity.months)
    while months_later(as_of_date, whole * opportunity.months) > end:
        whole -= 1
    begin, following = (months_later(as_of_date, (whole + more) * opportunity.months) for more in (0, 1))
    return whole, (end - begin).days / (following - begin).days


def months_later(day: date, months: int) -> date:
    """The same day of a later month, or the month's last where it is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
