"""A platform is read reading by reading: each is archived, checked and followed by the next, and lands in its order."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from fake_platform import RAW_LINES, Killed, Night, Platform, opened_night

from models import ops
from models.errors import RetryLaterError, StopError
from models.records import Stream
from orchestration import batch_archiving, store_landing
from orchestration.batch_archiving import StoreReading, TooManyRejectsError
from orchestration.contracts import ContractReport
from orchestration.store_reading import archive_store


@pytest.fixture
def night(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Night]:
    opened = opened_night(tmp_path, database_url, monkeypatch, {"ink/web": Platform()})
    yield opened
    opened.run.deployment.loader.dispose()


def test_a_shop_is_read_to_its_end_and_each_reading_is_a_batch(night: Night) -> None:
    night.platform.put(*range(8))
    run, reading = night.archive()
    assert [dict(batch.row_counts) for batch in reading.batches] == [
        {"orders": 3, "order_lines": 3},
        {"orders": 3, "order_lines": 3},
        {"orders": 2, "order_lines": 2},
    ]
    cursors = [request.cursor and request.cursor["after"] for request in night.platform.requests]
    assert cursors == [None, 3, 6]
    assert len(night.land(run).landings) == 3
    assert night.landed() == night.truth()
    [(lines,)] = night.rows(sa.select(sa.func.count()).select_from(RAW_LINES))
    assert lines == 8


def test_the_next_run_goes_on_from_where_the_last_one_was(night: Night) -> None:
    night.platform.put(*range(4))
    night.work()
    night.platform.put(2, "new", total="99.00")
    night.platform.delete(0)
    night.work()
    assert night.platform.requests[-1].cursor == {"after": 4, "gone": 0}
    assert night.landed() == night.truth()


def test_nothing_new_is_no_batch(night: Night) -> None:
    night.platform.put(1)
    night.work()
    run, reading = night.archive()
    assert reading.batches == []
    assert night.land(run).landings == []
    assert night.history(run).status == "unchanged"
    [(count,)] = night.rows(sa.select(sa.func.count()).select_from(ops.archive_batches))
    assert count == 1


def test_the_books_say_how_many_rows_a_batch_changed(night: Night) -> None:
    night.platform.put(1, 2)
    night.work()
    night.platform.put(2)  # of its two records only the order itself says so
    night.work()
    counts = [row.rows_changed for row in night.rows(sa.select(ops.archive_batches).order_by("batch_number"))]
    assert counts[0] == 4
    assert counts[1] == 1


@pytest.mark.parametrize("killed_at", range(4))
def test_a_kill_costs_the_reading_under_way_and_no_more(night: Night, killed_at: int) -> None:
    night.platform.put(*range(10))
    night.platform.failures = {killed_at: Killed()}
    with pytest.raises(Killed):
        night.archive()
    assert len(night.platform.requests) == killed_at + 1
    night.work()
    taken_up = night.platform.requests[killed_at + 1].cursor
    assert taken_up == (None if killed_at == 0 else {"after": 3 * killed_at, "gone": 0})
    assert len(night.platform.requests) == 5, "what was archived was not asked for again"
    assert night.landed() == night.truth()


@pytest.mark.parametrize("point", ["registering", "checking"])
def test_a_reading_that_was_not_found_good_before_the_kill_is_read_again(
    night: Night, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    night.platform.put(*range(5))
    name = {"registering": "_record_contract", "checking": "check_contract"}[point]

    def killed(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(batch_archiving, name, killed)
        with pytest.raises(Killed):
            night.archive()
    assert len(night.work().landings) == 2
    assert night.platform.requests[1].cursor is None
    assert night.landed() == night.truth()


def test_what_was_archived_before_a_crash_lands_first_and_in_order(night: Night) -> None:
    night.platform.put(*range(4))
    night.archive()
    night.platform.put(0, total="11.00")
    landing = night.work()
    assert len(landing.landings) == 3
    assert night.landed() == night.truth()


def test_a_crash_between_two_landings_is_made_up_for(night: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    night.platform.put(*range(8))
    run, _ = night.archive()
    land, count = store_landing.land_batch, iter(range(8))

    def killed_at_the_second(*arguments: Any, **named: Any) -> Any:
        if next(count) == 1:
            raise Killed
        return land(*arguments, **named)

    with monkeypatch.context() as patch:
        patch.setattr(store_landing, "land_batch", killed_at_the_second)
        with pytest.raises(Killed):
            night.land(run)
    assert len(night.landed()) == 3
    night.platform.put("new")
    night.work()
    assert night.landed() == night.truth()


def test_a_passing_failure_keeps_what_was_archived_and_says_so(night: Night) -> None:
    night.platform.put(*range(8))
    night.platform.failures = {1: RetryLaterError("the shop is busy")}
    with pytest.raises(RetryLaterError):
        night.archive()
    [found] = night.rows(sa.select(ops.sync_runs).where(ops.sync_runs.c.stream == "orders"))
    assert (found.status, found.message, found.rows_read) == ("failed", "the shop is busy", 3)
    assert found.request_count == 8, "those of the reading that failed are counted too"
    night.work()
    assert night.landed() == night.truth()


def broken_contract(stream: Stream, batches: Any, **_: object) -> ContractReport:
    rows = sum(batch.num_rows for batch in batches)
    report = ContractReport(stream.name, rows)
    if stream.name == "orders" and rows == 2:
        report.violations = {"unique": {"row_count": 2, "first_rows": [0]}}
    return report


def test_a_batch_that_breaks_its_contract_ends_the_chain_and_what_came_before_lands(
    night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    night.platform.put(*range(5))  # the second reading holds two orders
    with monkeypatch.context() as patch:
        patch.setattr(batch_archiving, "check_contract", broken_contract)
        run, reading = night.begin(), StoreReading(night.stores()[0])
        with pytest.raises(StopError, match="breaks its data contract: orders: unique"):
            archive_store(run, reading)
    assert isinstance(reading.error, StopError)
    landing = night.land(run)
    assert len(landing.landings) == 1
    assert str(landing.error).startswith("held back when it was read: the batch breaks its data contract")
    assert set(night.landed()) == {"0", "1", "2"}
    found = night.history(run)
    assert (found.status, found.rows_inserted) == ("withheld", 3)
    assert "breaks its data contract" in found.message
    night.work()
    assert night.landed() == night.truth()


def test_too_many_rejects_end_the_chain_too(night: Night) -> None:
    night.platform.reading_rows = 20
    night.platform.put(*range(31))
    night.platform.bad = {str(number) for number in range(20, 31)}
    run, reading = night.begin(), StoreReading(night.stores()[0])
    with pytest.raises(TooManyRejectsError, match=r"11 of 11 records were rejected \(100\.0%\)"):
        archive_store(run, reading)
    night.land(run)
    assert len(night.landed()) == 20
    assert night.history(run).rows_rejected == 11


def test_a_few_bad_records_of_a_small_change_are_set_aside_and_the_rest_lands(night: Night) -> None:
    night.platform.put(*range(5))
    night.platform.bad = {"3"}
    run, _ = night.archive()
    night.land(run)
    assert set(night.landed()) == {"0", "1", "2", "4"}
    assert night.history(run).rows_rejected == 1


def open_rejects(night: Night) -> set[str]:
    table = ops.rejected_records
    return {row.record_key for row in night.rows(sa.select(table).where(table.c.resolved_at.is_(None)))}


def test_a_record_that_was_mended_or_deleted_at_the_platform_is_resolved(night: Night) -> None:
    night.platform.put(*range(5))
    night.platform.bad = {"1", "3"}
    night.work()
    assert open_rejects(night) == {"1", "3"}
    night.platform.bad = {"3"}
    night.platform.put(1)
    night.work()
    assert open_rejects(night) == {"3"}
    night.platform.delete(3)
    night.platform.put("another")
    night.work()
    assert open_rejects(night) == set()


def test_a_batch_that_landing_refuses_is_read_again_from_what_landed(
    night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    night.platform.put(*range(8))
    run, _ = night.archive()
    land, count = store_landing.land_batch, iter(range(9))

    def refuses_the_second(*arguments: Any, **named: Any) -> Any:
        if next(count) == 1:
            raise StopError("too many are gone")
        return land(*arguments, **named)

    with monkeypatch.context() as patch:
        patch.setattr(store_landing, "land_batch", refuses_the_second)
        with pytest.raises(StopError, match="too many are gone"):
            night.land(run)
    found = night.history(run)
    assert (found.status, found.message, found.rows_inserted) == ("withheld", "too many are gone", 3)
    night.platform.requests.clear()
    night.work()
    assert night.platform.requests[0].cursor == {"after": 3, "gone": 0}
    assert night.landed() == night.truth()


def test_a_source_that_gets_no_further_is_stopped(night: Night) -> None:
    night.platform.put(1)
    night.work()
    night.platform.reading_rows = 0
    night.platform.put(2)
    with pytest.raises(StopError, match="does not get any further"):
        night.archive()


def test_the_history_says_what_was_asked_of_the_platform(night: Night) -> None:
    night.platform.put(*range(5))
    run, _ = night.archive()
    night.land(run)
    found = night.history(run)
    assert (found.status, found.rows_read, found.rows_inserted) == ("landed", 5, 5)
    assert (found.request_count, found.wait_count, found.wait_seconds) == (7, 2, 1.0)
    assert found.cursor == {"after": 5, "gone": 0}
    assert night.history(run, "order_lines").request_count == 0
    [budget] = night.rows(sa.select(ops.api_budget))
    assert (budget.budget_name, budget.budget_limit, budget.used_total, budget.peak_rate) == ("calls", 40, 5, 0.25)
    assert (budget.store_id, budget.wait_count) == ("web", 2)
