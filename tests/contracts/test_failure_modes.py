"""What users of other connectors complain of, made to happen on every platform.

The platform suite holds the promises; these are the ways in which such promises were broken elsewhere.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pyarrow as pa
import pytest
from mirror import Clock, Mirror, runtime, sync
from platform_harnesses import PlatformHarness, RunningShop, differences
from platforms import PLATFORMS
from pydantic import TypeAdapter

from connectors.sources import SourceSettings, build_source


@pytest.fixture(params=PLATFORMS, ids=lambda harness: harness.name)
def harness(request: pytest.FixtureRequest) -> PlatformHarness:
    chosen: PlatformHarness = request.param
    return chosen


@pytest.fixture
def shop(harness: PlatformHarness) -> Iterator[RunningShop]:
    with harness.open(Clock(), "America/New_York", Random(5)) as running:
        yield running


class SlowClock(Clock):
    """A clock that is two hours behind the shop's."""

    def __init__(self, theirs: Clock) -> None:
        super().__init__()
        self._theirs = theirs

    def __call__(self) -> datetime:
        return self._theirs() - timedelta(hours=2)

    def advance(self, seconds: float) -> None:
        self._theirs.advance(seconds)


def mirrored(shop: RunningShop, mirror: Mirror | None = None, **options: int) -> Mirror:
    """What a warehouse has after a sync, once everything that was written has had time to show."""
    mirror = mirror or Mirror(shop.source().streams)
    shop.clock.advance(60)
    sync(shop.source(), mirror, shop.clock(), **options)
    return mirror


def test_a_read_ends_by_the_platforms_clock_and_not_by_ours(harness: PlatformHarness, shop: RunningShop) -> None:
    """R2: what was written in the two hours that our clock is behind is not left for later."""
    shop.place_orders(2)
    shop.clock.advance(60)
    mirror = Mirror(shop.source().streams)
    theirs, shop.clock = shop.clock, SlowClock(shop.clock)
    sync(shop.source(), mirror, theirs())
    assert differences(harness, shop, mirror) == []


def test_what_shows_late_is_found_by_the_next_read(harness: PlatformHarness, shop: RunningShop) -> None:
    """R2, failure mode 13: an index that lags shows a record after newer ones were read."""
    shop.place_orders(1)
    newest = shop.clock()
    mirror = mirrored(shop)
    now, shop.clock.now = shop.clock(), newest - timedelta(seconds=30)
    shop.place_orders(1)
    shop.clock.now = now
    mirrored(shop, mirror)
    assert differences(harness, shop, mirror) == []


def test_months_without_a_sync_leave_no_gap(harness: PlatformHarness, shop: RunningShop) -> None:
    """Failure mode 7: nothing rests on a feed of changes that the platform keeps for so many days."""
    mirror = mirrored(shop)
    for _ in range(40):
        shop.step()
        shop.clock.advance(3 * 24 * 3600)
    mirrored(shop, mirror)
    assert differences(harness, shop, mirror) == []


def test_a_change_that_was_missed_is_read_within_a_day(shop: RunningShop) -> None:
    """Failure mode 10: whatever lost it, a record that the platform lists as newer than it is known is read."""
    mirror = mirrored(shop)
    (column,) = (stream.updated_at for stream in mirror.streams if stream.name == "orders")
    orders = mirror.tables["orders"]
    missed = list(orders)[:3]
    before = {key: dict(orders[key]) for key in missed}
    for key in missed:
        orders[key][column] -= timedelta(days=400)
    shop.clock.advance(25 * 3600)
    mirrored(shop, mirror)
    assert {key: orders[key] for key in missed} == before


def test_a_reading_ends_when_it_holds_enough(shop: RunningShop) -> None:
    """Failure mode 15: what is held at a time does not grow with the shop."""
    mirror = mirrored(shop)
    shop.place_orders(320)
    shop.clock.advance(3600)
    read_before, readings_before = sum(mirror.read_counts.values()), len(mirror.reports)
    mirrored(shop, mirror, reading_rows=150)
    assert sum(mirror.read_counts.values()) - read_before > 320
    assert len(mirror.reports) - readings_before >= 3


def test_no_column_holds_money_as_a_float(shop: RunningShop) -> None:
    """R8, failure mode 18: from the platform's text to the warehouse's numeric without a binary fraction between."""
    floats = [
        f"{stream.name}.{field.name}"
        for stream in shop.source().streams
        for field in stream.schema
        if pa.types.is_floating(field.type)
    ]
    assert floats == []


def test_every_amount_stands_beside_its_currency(harness: PlatformHarness, shop: RunningShop) -> None:
    """R8, failure mode 18: no order's total is without the currency that it is in."""
    mirror = mirrored(shop)
    name = {"shopify": "currency_code", "bigcommerce": "currency_code", "woocommerce": "currency"}[harness.name]
    assert {row[name] is not None and len(row[name]) == 3 for row in mirror.tables["orders"].values()} == {True}


@pytest.mark.parametrize(
    ("currency_codes", "told"), [({"USD"}, 0), ({"EUR", "USD"}, 0), ({"EUR"}, 1), ({"EUR", "GBP"}, 1), (set(), 0)]
)
def test_a_shops_currency_without_a_rate_is_told_before_anything_is_counted(
    shop: RunningShop, currency_codes: set[str], told: int
) -> None:
    """R8, failure mode 18: a merchant that counts in another currency learns of it from the first read."""
    source = build_source(
        TypeAdapter(SourceSettings).validate_python(shop.declaration()),
        base_folder=Path(),
        runtime=runtime(shop.clock),
        time_zone="America/New_York",
        key="source",
        currency_codes=frozenset(currency_codes),
    )
    mirror = Mirror(source.streams)
    shop.clock.advance(60)
    sync(source, mirror, shop.clock())
    notices = [notice for report in mirror.reports for notice in report.notices]
    assert [notice.code for notice in notices] == ["currency_without_rate"] * told
    assert all("USD" in notice.message for notice in notices)
