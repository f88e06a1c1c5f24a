"""Opportunities by the calendar are whole, have no gaps, and add up to the horizon."""

from datetime import date, timedelta
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.histories.opportunity_calendar import Opportunity, months_later, opportunities_ahead, opportunity_number

DAYS = st.dates(date(2015, 1, 1), date(2030, 12, 31))
EACH = st.sampled_from(list(Opportunity))


def numbers(days: list[date], opportunity: Opportunity, as_of_date: date) -> list[int]:
    frame = pl.DataFrame({"purchase_date": days}, schema={"purchase_date": pl.Date})
    return frame.select(opportunity_number(opportunity, as_of_date=as_of_date)).to_series().to_list()


@given(as_of_date=DAYS, opportunity=EACH)
def test_each_is_whole_and_follows_the_one_before(as_of_date: date, opportunity: Opportunity) -> None:
    days = [as_of_date - timedelta(days=ago) for ago in range(800)]
    found = numbers(days, opportunity, as_of_date)
    assert found[0] == 0
    assert {earlier - later for later, earlier in pairwise(found)} <= {0, -1}
    length = {"week": (7, 7), "month": (28, 31), "quarter": (89, 92), "year": (365, 366)}[opportunity]
    whole = set(found) - {found[-1]}
    assert whole
    for number in whole:
        assert length[0] <= found.count(number) <= length[1]


@pytest.mark.parametrize(
    ("as_of_date", "day", "number"),
    [
        (date(2025, 3, 31), date(2025, 3, 1), 0),
        (date(2025, 3, 31), date(2025, 2, 28), -1),
        (date(2025, 3, 15), date(2025, 2, 16), 0),
        (date(2025, 3, 15), date(2025, 2, 15), -1),
        (date(2025, 1, 10), date(2024, 12, 11), 0),
        (date(2025, 1, 10), date(2024, 12, 10), -1),
    ],
)
def test_months_end_on_the_day_of_the_last(as_of_date: date, day: date, number: int) -> None:
    assert numbers([day], Opportunity.MONTH, as_of_date) == [number]


@given(as_of_date=DAYS, opportunity=EACH, horizon_days=st.integers(0, 2000))
def test_what_lies_ahead_is_what_will_have_been(as_of_date: date, opportunity: Opportunity, horizon_days: int) -> None:
    whole, share = opportunities_ahead(opportunity, as_of_date=as_of_date, horizon_days=horizon_days)
    assert 0 <= share < 1
    longest = {"week": 7, "month": 31, "quarter": 92, "year": 366}[opportunity]
    shortest = {"week": 7, "month": 28, "quarter": 89, "year": 365}[opportunity]
    assert whole * shortest <= horizon_days < (whole + 1) * longest
    further, part = opportunities_ahead(opportunity, as_of_date=as_of_date, horizon_days=horizon_days + 1)
    assert further + part > whole + share


def test_horizons_of_round_length() -> None:
    at = date(2025, 1, 31)
    assert opportunities_ahead(Opportunity.YEAR, as_of_date=at, horizon_days=365) == (1, 0.0)
    assert opportunities_ahead(Opportunity.MONTH, as_of_date=at, horizon_days=28) == (1, 0.0)  # to 28 February
    assert opportunities_ahead(Opportunity.WEEK, as_of_date=at, horizon_days=17) == (2, 3 / 7)
    assert opportunities_ahead(Opportunity.YEAR, as_of_date=at, horizon_days=90) == (0, 90 / 365)
    assert months_later(date(2024, 2, 29), 12) == date(2025, 2, 28)
