"""What every platform's source promises, proved against a shop that lives while it is read.

The shop's own books are the truth: they share no code with the source. Each test ends with the same question: is what
was read exactly what the shop has?
"""

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from mirror import Clock, CrashedError, Mirror, sync
from platform_harnesses import PlatformHarness, RunningShop, differences
from platforms import PLATFORMS

from connectors.sandbox.faults import Fault
from connectors.source import ReadRequest
from models.errors import MisconfiguredError, RetryLaterError

PASSING_FAULTS = (
    Fault(status=502),
    Fault(status=503, retry_after="3"),
    Fault(status=429, retry_after="2"),
    Fault(status=429),
    Fault(resets=True),
    Fault(cuts_after=40, resets=True),
    Fault(cuts_after=0),
)


@pytest.fixture(params=PLATFORMS, ids=lambda harness: harness.name)
def harness(request: pytest.FixtureRequest) -> PlatformHarness:
    chosen: PlatformHarness = request.param
    return chosen


@pytest.fixture
def shop(harness: PlatformHarness) -> Iterator[RunningShop]:
    with harness.open(Clock(), "America/New_York", Random(5)) as running:
        yield running


def mirror_of(shop: RunningShop) -> Mirror:
    return Mirror(shop.source().streams)


def synced(shop: RunningShop, mirror: Mirror, *, settles: bool = True, **options: Any) -> None:
    """A sync as a run makes it, once everything that was written has had time to show."""
    settings = options.pop("settings", {})
    if settles:
        shop.clock.advance(60)
    sync(shop.source(**settings), mirror, shop.clock(), **options)


def next_day(shop: RunningShop) -> None:
    shop.clock.advance(25 * 3600)


def test_the_first_read_brings_everything(harness: PlatformHarness, shop: RunningShop) -> None:
    mirror = mirror_of(shop)
    synced(shop, mirror)
    assert differences(harness, shop, mirror) == []
    assert len(mirror.tables["orders"]) > 40
    assert mirror.rejected == []


@pytest.mark.parametrize("reading_rows", [1, 7, 40])
def test_how_much_a_reading_holds_changes_nothing(
    harness: PlatformHarness, shop: RunningShop, reading_rows: int
) -> None:
    mirror = mirror_of(shop)
    synced(shop, mirror, reading_rows=reading_rows)
    assert differences(harness, shop, mirror) == []
    assert len(mirror.reports) >= 1


def test_a_second_read_brings_what_changed_and_little_else(harness: PlatformHarness, shop: RunningShop) -> None:
    mirror = mirror_of(shop)
    synced(shop, mirror)
    first = mirror.read_counts.pop("orders")
    next_day(shop)
    shop.place_orders(3)
    synced(shop, mirror)
    assert differences(harness, shop, mirror) == []
    assert 3 <= mirror.read_counts["orders"] < first


def test_killed_anywhere_it_goes_on_without_a_loss(harness: PlatformHarness, shop: RunningShop) -> None:
    mirror = mirror_of(shop)
    for pages in range(60):
        try:
            synced(shop, mirror, reading_rows=20, crash_after_pages=pages, settles=pages == 0)
        except CrashedError:
            continue
        break
    assert differences(harness, shop, mirror) == []


def test_what_happens_between_two_pages_is_not_lost(harness: PlatformHarness, shop: RunningShop) -> None:
    """Failure mode 11: pages shift under the reader."""
    mirror = mirror_of(shop)
    left = [60]

    def live(_request: object) -> None:
        if left[0] > 0:
            left[0] -= 1
            shop.step()
            shop.clock.advance(1)

    shop.server.faults.before_each = live
    synced(shop, mirror)
    shop.server.faults.before_each = None
    next_day(shop)
    synced(shop, mirror)
    assert differences(harness, shop, mirror) == []


def test_more_than_a_page_in_one_second(harness: PlatformHarness, shop: RunningShop) -> None:
    """R4: ties in the order of a list neither hide rows nor show them twice."""
    mirror = mirror_of(shop)
    synced(shop, mirror)
    shop.place_orders(320)
    synced(shop, mirror)
    assert differences(harness, shop, mirror) == []
    shop.place_orders(5)
    synced(shop, mirror)
    assert differences(harness, shop, mirror) == []


def test_deletions_are_found_within_a_day(harness: PlatformHarness, shop: RunningShop) -> None:
    """R6, failure mode 14: no platform announces them all."""
    gone = shop.place_orders(4)
    mirror = mirror_of(shop)
    synced(shop, mirror)
    before = len(mirror.tables["orders"])
    for order_id in gone:
        shop.delete_order(order_id)
    next_day(shop)
    synced(shop, mirror)
    assert differences(harness, shop, mirror) == []
    assert len(mirror.tables["orders"]) <= before


def test_a_hole_heals_within_a_day(harness: PlatformHarness, shop: RunningShop) -> None:
    mirror = mirror_of(shop)
    synced(shop, mirror)
    lost = list(mirror.tables["orders"])[:3]
    for key in lost:
        del mirror.tables["orders"][key]
    next_day(shop)
    synced(shop, mirror)
    assert differences(harness, shop, mirror) == []


@pytest.mark.parametrize("seed", [1, 2])
def test_passing_faults_cost_time_and_nothing_else(harness: PlatformHarness, shop: RunningShop, seed: int) -> None:
    """R11: bursts of 5xx, 429 with and without Retry-After, resets before and in the middle of a body."""
    mirror = mirror_of(shop)
    shop.server.faults.draw(Random(seed), 0.15, *PASSING_FAULTS)
    synced(shop, mirror)
    shop.server.faults.clear()
    assert differences(harness, shop, mirror) == []
    assert sum(report.wait_count for report in mirror.reports) > 0
    assert sum(report.wait_seconds for report in mirror.reports) > 0


def test_a_platform_that_stays_away_is_for_later(harness: PlatformHarness, shop: RunningShop) -> None:
    mirror = mirror_of(shop)
    shop.server.faults.add(Fault(status=503), times=float("inf"))
    with pytest.raises(RetryLaterError, match=r"127\.0\.0\.1"):
        synced(shop, mirror)
    shop.server.faults.clear()
    synced(shop, mirror)
    assert differences(harness, shop, mirror) == []


def test_a_wrong_secret_names_its_key_and_never_itself(harness: PlatformHarness, shop: RunningShop) -> None:
    with pytest.raises(MisconfiguredError) as raised:
        synced(shop, mirror_of(shop), settings={harness.key_setting: "a-very-wrong-secret"})
    assert "merchants[0].stores[0].source" in str(raised.value)
    assert "a-very-wrong-secret" not in str(raised.value)


@pytest.mark.parametrize("runner_zone", ["America/New_York", "Asia/Kolkata"])
@pytest.mark.parametrize("shop_zone", ["America/New_York", "Asia/Kolkata"])
def test_times_are_the_same_wherever_shop_and_runner_stand(
    harness: PlatformHarness, monkeypatch: pytest.MonkeyPatch, shop_zone: str, runner_zone: str
) -> None:
    """R7, failure mode 12: zone-less timestamps."""
    monkeypatch.setitem(os.environ, "TZ", runner_zone)
    time.tzset()
    try:
        with harness.open(Clock(), shop_zone, Random(9)) as shop:
            mirror = mirror_of(shop)
            synced(shop, mirror)
            shop.place_orders(2)
            shop.clock.advance(90)
            synced(shop, mirror)
            shop.place_orders(2)
            synced(shop, mirror)
            assert differences(harness, shop, mirror) == []
    finally:
        monkeypatch.delenv("TZ")
        time.tzset()


def test_requests_are_counted_per_stream(harness: PlatformHarness, shop: RunningShop) -> None:
    mirror = mirror_of(shop)
    synced(shop, mirror)
    counted = sum(sum(report.request_counts.values()) for report in mirror.reports)
    assert counted == len(shop.server.log)
    assert sum(report.request_counts.get("orders", 0) for report in mirror.reports) > 0


def test_whole_records_are_kept_for_the_archive(shop: RunningShop) -> None:
    request = ReadRequest("shop", "web", None, shop.clock() + timedelta(minutes=1), known=mirror_of(shop).known)
    payloads = [
        page.payloads
        for page in shop.source().read(request).pages
        if getattr(page, "stream", "") == "orders" and hasattr(page, "payloads")
    ]
    assert payloads
    assert all(text is not None and text.null_count == 0 for text in payloads)


def test_reading_says_nothing_of_secrets(harness: PlatformHarness, shop: RunningShop) -> None:
    source = shop.source()
    assert "sandbox" not in repr(vars(source)).replace(shop.server.url, "") or "SecretStr" in repr(vars(source))


@pytest.mark.parametrize("seed", range(3))
def test_a_living_shop_with_faults_and_kills(harness: PlatformHarness, seed: int) -> None:
    """Random edits, refunds, deletes and merges while syncs run, with faults and kills; at the end nothing is wrong."""
    random = Random(seed)
    with harness.open(Clock(), random.choice(("America/New_York", "Asia/Kolkata")), random) as shop:
        mirror = mirror_of(shop)

        def live(_request: object) -> None:
            if random.random() < 0.3:
                shop.step()
                shop.clock.advance(random.choice((0, 0, 1, 5)))

        for _ in range(6):
            shop.server.faults.before_each = live
            shop.server.faults.draw(random, 0.05, *PASSING_FAULTS)
            with suppress(CrashedError):
                synced(
                    shop,
                    mirror,
                    settles=False,
                    reading_rows=random.choice((5, 30, 10_000)),
                    crash_after_pages=random.choice((None, 1, 3, 10)),
                )
            for _ in range(random.randrange(12)):
                shop.step()
            shop.clock.advance(random.choice((10, 600, 30 * 3600)))
        shop.server.faults.before_each = None
        shop.server.faults.clear()
        next_day(shop)
        synced(shop, mirror)
        assert differences(harness, shop, mirror) == []
        again = replace(mirror, rejected=[], read_counts={}, reports=[])
        next_day(shop)
        synced(shop, again)
        assert differences(harness, shop, again) == []
