"""What every source promises, whatever it reads."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from source_harnesses import HARNESSES, Prepared, SourceHarness

from connectors.source import Reading, ReadMode, ReadRequest
from connectors.sources import SOURCES
from models.errors import PerennialError
from models.records import Page, RejectedRecord

REQUEST = ReadRequest("shop", "web", None, datetime(2021, 6, 1, tzinfo=UTC))
PERSONAL = {"email", "first_name", "last_name", "phone", "address"}


@pytest.fixture(params=HARNESSES, ids=lambda harness: harness.name)
def prepared(request: pytest.FixtureRequest, tmp_path: Path) -> Prepared:
    harness: SourceHarness = request.param
    return harness.prepare(tmp_path)


def collected(pages: list[Page]) -> tuple[dict[str, pa.Table], list[RejectedRecord]]:
    streams: dict[str, list[pa.RecordBatch]] = {}
    for page in pages:
        streams.setdefault(page.stream, []).append(page.records)
    tables = {name: pa.Table.from_batches(batches).combine_chunks() for name, batches in streams.items()}
    return tables, [rejected for page in pages for rejected in page.rejected]


def read(prepared: Prepared, request: ReadRequest = REQUEST) -> tuple[Reading, list[Page]]:
    reading = prepared.source().read(request)
    return reading, list(reading.pages)


def test_pages_hold_the_declared_streams_exactly(prepared: Prepared) -> None:
    source = prepared.source()
    schemas = {stream.name: stream.schema for stream in source.streams}
    _, pages = read(prepared)
    assert sum(len(page.records) for page in pages) > 0
    for page in pages:
        assert page.records.schema.equals(schemas[page.stream])
        page.records.validate(full=True)
        for column in page.records.schema:
            assert column.nullable or page.records.column(column.name).null_count == 0


def test_natural_keys_are_unique_over_a_read(prepared: Prepared) -> None:
    tables, _ = collected(read(prepared)[1])
    for stream in prepared.source().streams:
        if stream.name in tables:
            keys = list(zip(*(tables[stream.name].column(name).to_pylist() for name in stream.key), strict=True))
            assert len(keys) == len(set(keys))


def test_page_size_changes_nothing_but_the_pages(request: pytest.FixtureRequest, prepared: Prepared) -> None:
    whole = collected(read(prepared)[1])

    @given(page_rows=st.integers(1, 60))
    def check(page_rows: int) -> None:
        reading, pages = read(prepared, replace(REQUEST, page_rows=page_rows))
        assert collected(pages) == whole
        assert all(len(page.records) <= page_rows for page in pages)
        assert sum(page.bytes_read for page in pages) == reading.bytes_total

    check()


def test_reading_again_gives_the_same(prepared: Prepared) -> None:
    source = prepared.source()
    first = source.read(REQUEST)
    whole = collected(list(first.pages))
    again = source.read(REQUEST)
    assert collected(list(again.pages)) == whole
    fresh = prepared.source().read(REQUEST)
    assert collected(list(fresh.pages)) == whole
    assert first.fingerprint == again.fingerprint == fresh.fingerprint
    assert first.cursor == again.cursor == fresh.cursor


def test_an_unchanged_input_is_not_read_again(prepared: Prepared) -> None:
    reading, _ = read(prepared)
    again, pages = read(prepared, replace(REQUEST, cursor=reading.cursor))
    assert again.mode is ReadMode.UNCHANGED
    assert pages == []
    assert (again.fingerprint, again.cursor) == (reading.fingerprint, reading.cursor)


def test_a_changed_input_is_read_again(prepared: Prepared) -> None:
    reading, pages = read(prepared)
    prepared.change()
    again, other_pages = read(prepared, replace(REQUEST, cursor=reading.cursor))
    assert again.mode is not ReadMode.UNCHANGED
    assert again.fingerprint != reading.fingerprint
    assert collected(other_pages) != collected(pages)


def test_no_row_is_lost(prepared: Prepared) -> None:
    tables, rejected = collected(read(prepared)[1])
    assert len(tables["orders"]) + len(rejected) == prepared.row_count
    assert len(rejected) == prepared.bad_row_count


def test_what_is_set_aside_says_where_and_why(prepared: Prepared) -> None:
    _, rejected = collected(read(prepared)[1])
    assert rejected
    for record in rejected:
        assert record.origin
        assert record.line >= 1
        assert record.field
        assert record.reason
        assert record.raw_text
        assert record.stream in {stream.name for stream in prepared.source().streams}


def test_only_the_requested_time_counts_as_now(prepared: Prepared) -> None:
    early = replace(REQUEST, requested_at=datetime(2021, 3, 10, tzinfo=UTC))
    tables, rejected = collected(read(prepared, early)[1])
    latest = max(tables["orders"].column("ordered_at").to_pylist())
    assert latest <= datetime(2021, 3, 11, tzinfo=UTC)
    assert len(tables["orders"]) + len(rejected) == prepared.row_count


def test_what_lay_in_the_future_is_read_when_its_time_has_come(prepared: Prepared) -> None:
    early = replace(REQUEST, requested_at=datetime(2021, 3, 10, tzinfo=UTC))
    reading, _ = read(prepared, early)
    same, _ = read(prepared, replace(early, cursor=reading.cursor))
    assert same.mode is ReadMode.UNCHANGED
    later, pages = read(prepared, replace(REQUEST, cursor=reading.cursor))
    assert later.fingerprint != reading.fingerprint
    assert collected(pages) == collected(read(prepared)[1])
    after, _ = read(prepared, replace(REQUEST, cursor=later.cursor))
    assert after.mode is ReadMode.UNCHANGED


def test_failures_are_of_the_declared_kinds(prepared: Prepared) -> None:
    for breakage in prepared.breakages():
        with pytest.raises(PerennialError):
            list(breakage().read(REQUEST).pages)


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_columns_that_identify_a_person_are_declared(source: type) -> None:
    for stream in source.streams:
        for column in stream.columns:
            assert column.is_personal or column.name not in PERSONAL
