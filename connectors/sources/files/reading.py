"""One read of a store's files: block after block through parsing and assembly, corrections in their rows' places."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import numpy as np
import polars as pl
import pyarrow as pa

from connectors.sandbox.personas import generated_people
from connectors.sources.files.assembly import Accepted, Place
from connectors.sources.files.locations import FoundFile
from connectors.sources.files.pages import PageBuilder
from connectors.sources.files.parsing import Problem, RowParser
from connectors.sources.files.rows import RowBlock
from connectors.sources.files.settings import FileSet
from connectors.sources.files.tables import Table, open_table
from models.errors import RejectedRecordError
from models.records import Page, RejectedRecord, Stream
from models.records.files import CUSTOMERS


class Assembly(Protocol):
    """Makes records of parsed rows."""

    @property
    def streams(self) -> list[Stream]:
        """The streams that the rows can fill, the rows' own first."""
        ...

    def accept(self, frame: pl.DataFrame, place: Place) -> Accepted:
        """Records of the rows, in their order."""
        ...


@dataclass
class Tally:
    """What a read has seen so far.

    Attributes:
        repeated_count: Rows that repeat an id and everything else of an earlier row; they are one record.
        next_due_at: When the first row that was refused for lying in the future may be read.
    """

    repeated_count: int = 0
    next_due_at: datetime | None = None

    def note_due(self, due_at: datetime | None) -> None:
        """Keep the earliest time."""
        if due_at is not None:
            self.next_due_at = min(self.next_due_at, due_at) if self.next_due_at else due_at


@dataclass
class PeopleSeen:
    """The distinct customers of a read, with their first order; about a hundred bytes each."""

    _seen: pl.DataFrame = field(
        default_factory=lambda: pl.DataFrame(schema={"customer_id": pl.String, "at": pl.Datetime("us", "UTC")})
    )
    _waiting: list[pl.DataFrame] = field(default_factory=list)
    _waiting_count: int = 0

    def add(self, batch: pa.RecordBatch, time_column: str) -> None:
        """Note a page's customers."""
        own = pl.DataFrame(pl.from_arrow(batch.select(["customer_id", time_column])))
        self._waiting.append(_firsts(own.rename({time_column: "at"})))
        self._waiting_count += len(self._waiting[-1])
        # Merging when as many wait as are known keeps both memory and time linear.
        if self._waiting_count > max(len(self._seen), 100_000):
            self._merge()

    def customers(self) -> pl.DataFrame:
        """Each customer once, by id, with the time of the first record."""
        self._merge()
        return self._seen

    def _merge(self) -> None:
        self._seen = _firsts(pl.concat([self._seen, *self._waiting])).sort("customer_id")
        self._waiting, self._waiting_count = [], 0


def _firsts(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.group_by("customer_id").agg(pl.col("at").min())


@dataclass(frozen=True)
class FileSetRead:
    """What it takes to read one set of files.

    Attributes:
        files: The files, in the order to read them.
        settings: How they are written.
        key: The key of `perennial.yml` under which the settings stand.
        parser: Judges their rows.
        assembly: Makes records of them.
        key_columns: The file's columns that hold the natural key, if they all exist.
        corrections: Corrected text by the text as it was received.
        page_rows: The most records of a page.
        tally: What the whole read has seen.
    """

    files: Sequence[FoundFile]
    settings: FileSet
    key: str
    parser: RowParser
    assembly: Assembly
    key_columns: Sequence[str]
    corrections: Mapping[str, str]
    page_rows: int
    tally: Tally

    def check(self) -> None:
        """Open every file as far as its columns, so that a wrong mapping shows before anything is read."""
        for found in self.files:
            open_table(found, self.settings, self.parser.wanted, key=self.key).close()

    def pages(self, people: PeopleSeen | None = None) -> Iterator[Page]:
        """The pages of every stream that these files fill.

        Args:
            people: Collects the customers, if they are to be generated.
        """
        builders = {stream.name: PageBuilder(stream, self.page_rows) for stream in self.assembly.streams}
        own = self.assembly.streams[0].name
        first_place = 0
        for found in self.files:
            table = open_table(found, self.settings, self.parser.wanted, key=self.key)
            place = Place(found.label, first_place)
            position = 0
            try:
                for block in table.blocks():
                    records, rejected = self._rows(block, table, place)
                    first_place = max(first_place, place.first_place + _last_line(block))
                    moved, position = table.position - position, table.position
                    for name, batches in records.items():
                        for batch in batches:
                            if people is not None:
                                people.add(batch, "refunded_at" if name == "refunds" else "ordered_at")
                            yield from builders[name].add(batch)
                    yield from builders[own].add(None, rejected, bytes_read=moved)
                yield from builders[own].add(None, bytes_read=found.size - position)
            finally:
                table.close()
        for builder in builders.values():
            yield from builder.finish()

    def _rows(
        self, block: RowBlock, table: Table, place: Place
    ) -> tuple[dict[str, list[pa.RecordBatch]], list[RejectedRecord]]:
        """The records of a block, and what is set aside of it; corrected rows stand where they stood."""
        stream = self.assembly.streams[0].name
        own_records, problems = self._judged(block, place)
        rejected = [
            RejectedRecord(
                stream,
                place.label,
                int(block.lines[p.row]),
                p.field,
                p.reason,
                block.raw_text(p.row),
                self._key(block, p.row),
            )
            for p in problems
        ]
        rejected += [RejectedRecord(stream, place.label, b.line, b.field, b.reason, b.raw_text) for b in block.broken]
        rejected.sort(key=lambda record: record.line)
        corrected = [record for record in rejected if record.raw_text in self.corrections]
        if not corrected:
            return {name: [batch] for name, batch in own_records.items()}, rejected
        other_records, still_rejected = self._corrected(corrected, block, table, place)
        corrected_lines = {record.line for record in corrected}
        rejected = [record for record in rejected if record.line not in corrected_lines] + still_rejected
        merged = {name: _by_line([batch, other_records[name]]) for name, batch in own_records.items()}
        return merged, sorted(rejected, key=lambda record: record.line)

    def _judged(self, block: RowBlock, place: Place) -> tuple[dict[str, pa.RecordBatch], list[Problem]]:
        parsed = self.parser.parse(block)
        accepted = self.assembly.accept(parsed.rows, place)
        self.tally.note_due(parsed.next_due_at)
        self.tally.repeated_count += accepted.repeated_count
        return accepted.records, parsed.problems + accepted.problems

    def _corrected(
        self, records: Sequence[RejectedRecord], block: RowBlock, table: Table, place: Place
    ) -> tuple[dict[str, pa.RecordBatch], list[RejectedRecord]]:
        """What the corrections of rejected records come to; they keep the text as it was received."""
        still_rejected, kept, rows = [], [], []
        for record in records:
            try:
                rows.append(table.read_one(self.corrections[record.raw_text]))
                kept.append(record)
            except RejectedRecordError as error:
                still_rejected.append(_again(record, error.field, error.reason))
        columns = {name: pl.Series(name, [row[name] for row in rows], dtype=pl.String) for name in block.columns}
        lines = np.array([record.line for record in kept], dtype=np.int64)
        corrected = RowBlock(columns, lines, lambda row: kept[row].raw_text, iso_columns=block.iso_columns)
        accepted, problems = self._judged(corrected, place)
        still_rejected += [_again(kept[p.row], p.field, p.reason) for p in problems]
        return accepted, still_rejected

    def _key(self, block: RowBlock, row: int) -> str | None:
        values = [block.columns[column][row] for column in self.key_columns]
        return "/".join(value.strip() for value in values) if values and all(values) else None


def _again(record: RejectedRecord, field_name: str, reason: str) -> RejectedRecord:
    return RejectedRecord(
        record.stream, record.origin, record.line, field_name, f"as corrected: {reason}", record.raw_text, record.key
    )


def _by_line(batches: list[pa.RecordBatch]) -> list[pa.RecordBatch]:
    table = pa.Table.from_batches(batches)
    return table.sort_by("source_line").combine_chunks().to_batches()


def _last_line(block: RowBlock) -> int:
    own = int(block.lines[-1]) if len(block.lines) else 0
    return max([own, *(broken.line for broken in block.broken[-1:])])


def people_pages(people: PeopleSeen, merchant_id: str, page_rows: int) -> Iterator[Page]:
    """Pages of generated customers, by id."""
    builder = PageBuilder(CUSTOMERS, page_rows)
    seen = people.customers()
    for start in range(0, len(seen), 100_000):
        part = seen[start : start + 100_000]
        for batch in generated_people(merchant_id, part["customer_id"], part["at"]).to_batches():
            yield from builder.add(batch)
    yield from builder.finish()
