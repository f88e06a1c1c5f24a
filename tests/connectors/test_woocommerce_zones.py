"""Moments in filters: UTC digits that PHP reads by the shop's clock."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sources.woocommerce.zones import moment, moment_at_or_before, zone_named

NEW_YORK, KOLKATA, LORD_HOWE = ZoneInfo("America/New_York"), ZoneInfo("Asia/Kolkata"), ZoneInfo("Australia/Lord_Howe")


def as_php_takes_it(text: str, zone: ZoneInfo) -> datetime:
    """`date_create($text, wp_timezone())`, formatted in that zone again: the digits that are compared."""
    naive = datetime.fromisoformat(text)
    return naive.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None)


def test_a_moment_has_no_zone() -> None:
    there = datetime(2026, 11, 21, 2, 3, 17, 250_000, tzinfo=NEW_YORK)
    assert moment(there) == "2026-11-21T07:03:17"


def test_the_hour_that_clocks_jump_over_would_be_read_as_the_next() -> None:
    """On 2026-03-08 New York has no 02:30: WordPress takes it for 03:30, and an hour of changes would be lost."""
    wanted = datetime(2026, 3, 8, 2, 30, tzinfo=UTC)
    assert as_php_takes_it(moment(wanted), NEW_YORK) == datetime.fromisoformat("2026-03-08T03:30:00")
    assert moment_at_or_before(wanted, NEW_YORK) == "2026-03-08T01:45:00"


@pytest.mark.parametrize("zone", [NEW_YORK, KOLKATA, LORD_HOWE, ZoneInfo("Pacific/Apia")])
@given(seconds=st.integers(0, 20 * 365 * 86_400))
def test_no_lower_bound_is_ever_read_as_a_later_one(zone: ZoneInfo, seconds: int) -> None:
    wanted = datetime(2010, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    taken = as_php_takes_it(moment_at_or_before(wanted, zone), zone)
    assert taken <= wanted.replace(tzinfo=None)
    assert wanted.replace(tzinfo=None) - taken < timedelta(hours=25)


@pytest.mark.parametrize("hour", range(8))
def test_around_the_jump_bounds_hold(hour: int) -> None:
    for minute in (0, 15, 59):
        wanted = datetime(2026, 3, 8, hour, minute, 59, tzinfo=UTC)
        taken = as_php_takes_it(moment_at_or_before(wanted, NEW_YORK), NEW_YORK)
        assert taken <= wanted.replace(tzinfo=None)


def test_a_shop_with_a_fixed_offset_has_no_zone() -> None:
    assert zone_named("") is None
    assert zone_named("Mars/Olympus") is None
    assert moment_at_or_before(datetime(2026, 3, 8, 2, 30, tzinfo=UTC), None) == "2026-03-08T02:30:00"
