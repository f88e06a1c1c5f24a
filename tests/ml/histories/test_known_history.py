"""A history at a day sees that day's past and nothing of its future."""

from datetime import date, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from ml.estimator import UnusableFitError
from ml.histories.known_history import KnownHistory
from ml.purchases.bg_nbd import BetaGeometricNbd
from models.errors import StopError

LAST = date(2026, 6, 30)
DAYS = pl.DataFrame(
    {
        "customer_id": ["a", "a", "a", "b"],
        "purchase_date": [date(2026, 1, 1), date(2026, 3, 1), date(2026, 6, 1), date(2026, 5, 1)],
        "amount": [10.0, 20.0, 30.0, 5.0],
    }
)
REFUNDS = pl.DataFrame(
    {
        "customer_id": ["a"],
        "purchase_date": [date(2026, 3, 1)],
        "refund_date": [date(2026, 6, 15)],
        "amount": [20.0],
    }
)
HISTORY = KnownHistory(DAYS, REFUNDS, LAST)


def test_an_earlier_day_knows_no_later_purchase_customer_or_refund() -> None:
    april = HISTORY.at(date(2026, 4, 1))
    assert april.summary.rows() == [("a", 1, 59.0, 90.0, 1, 20.0)]
    assert april.days == 90
    assert HISTORY.summary["monetary_value"].to_list() == [30.0, None]
    assert HISTORY.days == 180


def test_the_future_may_be_in_the_frames_and_changes_nothing() -> None:
    cut = KnownHistory(DAYS.filter(pl.col("purchase_date") <= date(2026, 4, 1)), None, date(2026, 4, 1))
    assert_frame_equal(HISTORY.before(90).summary, cut.summary)


def test_nothing_is_known_of_a_later_day() -> None:
    with pytest.raises(StopError, match="2026-07-01"):
        HISTORY.at(LAST + timedelta(days=1))


def test_an_outcome_is_what_happened_to_those_known_before_it() -> None:
    april = HISTORY.at(date(2026, 4, 1))
    whole = HISTORY.outcome_of(april)
    assert whole.by_customer.rows() == [("a", 1.0, 30.0, 61.0)]
    assert whole.purchases_by_day.sum() == 1.0
    assert whole.purchases_by_day[60] == 1.0
    short = HISTORY.outcome_of(april, days=60)
    assert short.by_customer.rows() == [("a", 0.0, 0.0, None)]


def test_a_refund_lowers_an_outcome_only_once_it_is_booked() -> None:
    february = HISTORY.at(date(2026, 2, 1))
    assert HISTORY.outcome_of(february, days=60).by_customer["spend"].to_list() == [20.0]
    assert HISTORY.outcome_of(february).by_customer["spend"].to_list() == [30.0]


@pytest.mark.parametrize("days", [0, 91])
def test_a_window_that_is_not_known_is_refused(days: int) -> None:
    with pytest.raises(StopError, match="90 days are known"):
        HISTORY.outcome_of(HISTORY.at(date(2026, 4, 1)), days=days)


def test_a_fit_that_failed_fails_the_same_way_again() -> None:
    with pytest.raises(UnusableFitError) as first:
        HISTORY.fitted(BetaGeometricNbd)
    with pytest.raises(UnusableFitError) as second:
        HISTORY.fitted(BetaGeometricNbd)
    assert first.value is second.value


def test_an_earlier_day_is_one_history_so_that_its_fits_are_made_once() -> None:
    assert HISTORY.before(90) is HISTORY.at(date(2026, 4, 1))
