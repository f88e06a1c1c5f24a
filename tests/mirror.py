"""What a warehouse has of one store, in memory: the protocol's meaning of a reading, spelled out once more for tests.

Shares no code with landing. Applies readings as the protocol says (a parent replaces its parts, what is gone takes its
parts with it, an older version changes nothing), and refuses what the protocol forbids.
"""

import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from connectors.source import Cursor, Reading, ReadMode, ReadReport, ReadRequest, Source, SourceRuntime
from models.records import Deletions, Page, RejectedRecord, Stream

Key = tuple[Any, ...]
Row = dict[str, Any]


class CrashedError(Exception):
    """The process was killed here."""


@dataclass
class Clock:
    """Stands still but for waiting, and for those who push it."""

    now: datetime = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class RunningClock(Clock):
    """Goes on by itself too, for clients in other processes, whose waiting moves nothing here."""

    started: float = field(default_factory=time.monotonic)

    def __call__(self) -> datetime:
        return self.now + timedelta(seconds=time.monotonic() - self.started)


@dataclass
class Secrets:
    kept: dict[str, str] = field(default_factory=dict)

    def get(self, name: str) -> str | None:
        return self.kept.get(name)

    def set(self, name: str, value: str) -> None:
        self.kept[name] = value


def runtime(clock: Clock, secrets: Secrets | None = None) -> SourceRuntime:
    """A source's world, in which waiting only moves the clock."""
    return SourceRuntime(clock, clock.advance, random.Random(7), secrets or Secrets())


@dataclass
class Mirror:
    """The rows of one store.

    Attributes:
        streams: What the source declares.
        tables: Per stream, the live rows by key.
        cursor: As of the last reading that was applied whole.
        rejected: What was set aside.
        read_counts: Per stream, the records that came.
        reports: One per reading that was applied.
    """

    streams: Sequence[Stream]
    tables: dict[str, dict[Key, Row]] = field(default_factory=dict)
    cursor: Cursor | None = None
    rejected: list[RejectedRecord] = field(default_factory=list)
    read_counts: dict[str, int] = field(default_factory=dict)
    reports: list[ReadReport] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tables = {stream.name: dict(self.tables.get(stream.name, {})) for stream in self.streams}

    def known(self, stream: str, columns: Sequence[str]) -> pa.Table:
        """As `connectors.source.KnownRecords`."""
        declared = next(s for s in self.streams if s.name == stream)
        rows = list(self.tables[stream].values())
        return pa.table(
            {name: pa.array([row[name] for row in rows], declared.schema.field(name).type) for name in columns}
        )

    def apply(self, reading: Reading, pages: Sequence[Page | Deletions]) -> None:
        """Take a whole reading in."""
        staged, gone = self._staged(pages)
        for stream in self.streams:
            if stream.parent is None:
                self._take(stream, staged[stream.name], gone[stream.name], staged, gone)
        self.cursor = reading.cursor
        self.reports.append(reading.report)

    def _staged(self, pages: Sequence[Page | Deletions]) -> tuple[dict[str, dict[Key, Row]], dict[str, set[Key]]]:
        staged: dict[str, dict[Key, Row]] = {stream.name: {} for stream in self.streams}
        gone: dict[str, set[Key]] = {stream.name: set() for stream in self.streams}
        by_name = {stream.name: stream for stream in self.streams}
        for page in pages:
            stream = by_name[page.stream]
            if isinstance(page, Deletions):
                assert page.keys.schema.names == list(stream.key)
                keys = [tuple(row.values()) for row in page.keys.to_pylist()]
                assert not set(keys) & (gone[stream.name] | staged[stream.name].keys())
                gone[stream.name].update(keys)
                continue
            assert page.records.schema.equals(stream.schema), page.stream
            page.records.validate(full=True)
            assert page.payloads is None or len(page.payloads) == page.records.num_rows
            self.rejected.extend(page.rejected)
            self.read_counts[stream.name] = self.read_counts.get(stream.name, 0) + page.records.num_rows
            for row in page.records.to_pylist():
                key = tuple(row[name] for name in stream.key)
                assert key not in staged[stream.name], f"{stream.name} {key} came twice within a reading"
                assert key not in gone[stream.name]
                staged[stream.name][key] = row
        return staged, gone

    def _take(
        self,
        stream: Stream,
        records: dict[Key, Row],
        gone: set[Key],
        staged: dict[str, dict[Key, Row]],
        gone_parts: dict[str, set[Key]],
    ) -> None:
        table = self.tables[stream.name]
        late = {
            key
            for key, row in records.items()
            if stream.updated_at and key in table
            and row[stream.updated_at] is not None
            and table[key][stream.updated_at] is not None
            and row[stream.updated_at] < table[key][stream.updated_at]
        }  # fmt: skip
        taken = records.keys() - late
        for part in (s for s in self.streams if s.parent == stream.name):
            rows = self.tables[part.name]

            def parent_of(row: Row, part: Stream = part) -> Key:
                return tuple(row[name] for name in part.parent_key)

            strangers = [row for row in staged[part.name].values() if parent_of(row) not in records]
            assert strangers == [], f"parts of {part.name} came without their parent"
            replaced = [k for k, row in rows.items() if parent_of(row) in taken or parent_of(row) in gone]
            for key in [*replaced, *gone_parts[part.name]]:
                rows.pop(key, None)
            rows |= {key: row for key, row in staged[part.name].items() if parent_of(row) in taken}
        for key in gone:
            table.pop(key, None)
        table |= {key: records[key] for key in taken}


def sync(
    source: Source,
    mirror: Mirror,
    requested_at: datetime,
    *,
    reading_rows: int = 25_000,
    crash_after_pages: int | None = None,
    **options: Any,
) -> None:
    """Read a store to the end of its chain of readings.

    Raises:
        CrashedError: After so many pages; of the reading under way nothing was applied.
    """
    pages_left = crash_after_pages
    for _ in range(10_000):
        request = ReadRequest(
            "shop", "web", mirror.cursor, requested_at, reading_rows=reading_rows, known=mirror.known, **options
        )
        reading = source.read(request)
        assert reading.mode is not ReadMode.SNAPSHOT
        pages: list[Page | Deletions] = []
        for page in _closing(reading.pages):
            if pages_left is not None:
                if pages_left == 0:
                    raise CrashedError
                pages_left -= 1
            pages.append(page)
        mirror.apply(reading, pages)
        if not reading.report.has_more:
            return
    raise AssertionError("the readings never end")


def _closing(pages: Iterator[Page | Deletions]) -> Iterator[Page | Deletions]:
    """The pages; when they are not read to the end, the source gets to close what it holds, as at a process's end."""
    try:
        yield from pages
    finally:
        close = getattr(pages, "close", None)
        if close is not None:
            close()
