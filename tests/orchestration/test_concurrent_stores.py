"""Stores are read at the same time, and one store's trouble is nobody else's."""

import io
import threading
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path

import dagster as dg
import pyarrow as pa
import pytest
import sqlalchemy as sa
from fake_platform import RAW_ORDERS, Meeting, Night, Platform, opened_night

from models.archive import CONTENT_HASH, ROW_NUMBER
from models.errors import MisconfiguredError, RetryLaterError, StopError
from models.records.woocommerce import ORDERS
from orchestration import progress
from orchestration.batch_archiving import StoreReading
from orchestration.concurrency import at_the_same_time
from orchestration.contracts import check_contract
from orchestration.ingestion_reports import archive_key
from orchestration.outcomes import Outcomes
from orchestration.store_landing import StoreLanding, land_store
from orchestration.store_reading import archive_store

STORES = ("ink/web", "ink/outlet", "pens/web")
ORDERS_KEY = archive_key("woocommerce", ORDERS)


@pytest.fixture
def night(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Night]:
    platforms = {name: Platform() for name in STORES}
    for number, platform in enumerate(platforms.values()):
        platform.put(*range(10 * number, 10 * number + 4))
    opened = opened_night(tmp_path, database_url, monkeypatch, platforms)
    yield opened
    opened.run.deployment.loader.dispose()


def archive(
    night: Night, *, at_once: int = 8, retry_number: int = 2
) -> tuple[Outcomes[list[StoreReading]], list[StoreReading]]:
    run = night.begin()
    readings = [StoreReading(store) for store in night.stores()]
    outcomes = run.each_store(
        "archive", readings, lambda reading: archive_store(run, reading), at_once=at_once, retry_number=retry_number
    )
    return outcomes, readings


def land(night: Night) -> Outcomes[list[StoreLanding]]:
    run = night.begin()
    landings = [StoreLanding(store) for store in night.stores()]
    return run.each_store("land", landings, lambda each: land_store(run, each), at_once=1, retry_number=2)


def landed(night: Night) -> dict[str, int]:
    raw = RAW_ORDERS
    query = sa.select(raw.c.merchant_id, raw.c.store_id, sa.func.count()).group_by(raw.c.merchant_id, raw.c.store_id)
    return {f"{merchant_id}/{store_id}": count for merchant_id, store_id, count in night.rows(query)}


def test_all_stores_of_all_merchants_are_read_at_the_same_time(night: Night) -> None:
    everybody = Meeting(len(STORES))
    for platform in night.platforms.values():
        platform.on_read = everybody  # none goes on before all have come here
    for platform in night.platforms.values():
        platform.reading_rows = 10
    outcomes, _ = archive(night)
    assert outcomes.failures == {}
    assert {name: len(readings) for name, readings in outcomes.results.items()} == {"ink": 2, "pens": 1}


def test_no_more_stores_are_read_at_once_than_allowed() -> None:
    inside, most, lock = 0, 0, threading.Lock()
    pair = threading.Barrier(2)

    def work(_: int) -> None:
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
        pair.wait(20)
        with lock:
            inside -= 1

    at_the_same_time(work, range(6), at_once=2)
    assert most == 2


def test_results_come_in_order_and_a_thread_sees_the_callers_context() -> None:
    color: ContextVar[str] = ContextVar("color", default="none")
    color.set("red")
    assert at_the_same_time(lambda n: (n, color.get()), range(5), at_once=3) == [(n, "red") for n in range(5)]
    assert at_the_same_time(lambda n: n, [], at_once=3) == []


def test_what_a_thread_raises_is_raised_when_all_are_done() -> None:
    done = []

    def work(number: int) -> None:
        if number == 1:
            raise KeyboardInterrupt
        done.append(number)

    with pytest.raises(KeyboardInterrupt):
        at_the_same_time(work, range(4), at_once=2)
    assert sorted(done) == [0, 2, 3]


@pytest.mark.parametrize(
    "error", [StopError("is closed"), MisconfiguredError("merchants[0].x", "is wrong"), ZeroDivisionError("oh")]
)
def test_one_stores_failure_fails_its_merchant_and_keeps_no_other_store(night: Night, error: Exception) -> None:
    night.platforms["ink/outlet"].failures = {0: error}
    outcomes, _ = archive(night)
    assert list(outcomes.failures) == ["ink"]
    assert outcomes.failures["ink"].startswith("store outlet: ")
    assert list(outcomes.results) == ["pens"]
    assert night.run.withheld() == {"ink": (f"archive: {outcomes.failures['ink']}",)}
    assert land(night).failures == {}
    assert landed(night) == {"ink/web": 4, "pens/web": 4}


def test_two_failing_stores_are_both_named(night: Night) -> None:
    night.platforms["ink/web"].failures = {0: StopError("is closed")}
    night.platforms["ink/outlet"].failures = {0: StopError("is sold")}
    outcomes, _ = archive(night)
    assert outcomes.failures == {"ink": "store web: is closed; store outlet: is sold"}


def test_a_passing_failure_asks_for_another_attempt_once_all_are_done(night: Night) -> None:
    night.platforms["ink/web"].failures = {0: RetryLaterError("is busy")}
    with pytest.raises(dg.RetryRequested):
        archive(night, retry_number=0)
    assert night.run.withheld() == {}
    assert len(night.platforms["pens/web"].requests) == 2
    outcomes, _ = archive(night, retry_number=1)
    assert outcomes.failures == {}
    land(night)
    assert landed(night) == dict.fromkeys(STORES, 4)


def test_a_merchant_without_a_store_of_the_kind_is_done(night: Night) -> None:
    outcomes = night.begin().each_store("archive", [], archive_store, at_once=8, retry_number=2)  # type: ignore[arg-type]  # never called
    assert outcomes.results == {"ink": [], "pens": []}


# What is not made for threads.


def chunk(count: int) -> pa.RecordBatch:
    rows = [{"order_id": str(n), "status": "completed", "currency": "EUR", "total": 1} for n in range(count)]
    own = pa.schema([pa.field(field.name, field.type) for field in ORDERS.schema])
    batch = pa.RecordBatch.from_pylist([{name: row.get(name) for name in own.names} for row in rows], schema=own)
    return batch.append_column(CONTENT_HASH, pa.array(["h"] * count)).append_column(
        ROW_NUMBER, pa.array(range(count), pa.int64())
    )


def test_contracts_are_held_from_several_threads() -> None:
    reports = at_the_same_time(lambda count: check_contract(ORDERS, [chunk(count)]), [3, 4, 5, 6], at_once=4)
    assert [(report.row_count, report.has_passed) for report in reports] == [(3, True), (4, True), (5, True), (6, True)]


@pytest.mark.parametrize("is_terminal", [True, False])
def test_progress_may_be_reported_from_several_threads(is_terminal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    stream = io.StringIO()
    monkeypatch.setattr(stream, "isatty", lambda: is_terminal)
    together = threading.Barrier(4)

    def read(number: int) -> None:
        with progress.current().records(f"Reading shop-{number}") as tell:
            together.wait(20)
            for count in range(1, 6):
                tell(20 * count, 100)

    with progress.reporting(stream):
        at_the_same_time(read, range(4), at_once=4)
    written = stream.getvalue()
    if not is_terminal:
        lines = written.splitlines()
        assert sorted(lines) == sorted(
            line
            for number in range(4)
            for line in (
                f"  Reading shop-{number} ...",
                *(f"  Reading shop-{number} {20 * n}%, {20 * n} of 100 records" for n in range(1, 5)),
                f"  Reading shop-{number}: 100 records",
            )
        )
    for number in range(4):
        assert f"shop-{number} 100 records" in written or f"shop-{number}: 100 records" in written
