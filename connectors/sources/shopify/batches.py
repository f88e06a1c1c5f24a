"""From rows to Arrow pages: whole columns at a time, and a row at a time only where a column does not convert."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import pyarrow as pa

from connectors.payloads import payload_column
from models.errors import StopError
from models.records import Page, RejectedRecord, Stream

Row = tuple[Any, ...]

# Enough that a column's fixed cost does not count, and a few megabytes at most: an order has seven times the columns
# of a part.
_ROWS_PER_PAGE = 4_000
_WEIGHT_OF_PARENT = 7
_PATH = re.compile(r" - at `\$\.?(.*)`$")


def record_batch(stream: Stream, rows: Sequence[Row]) -> pa.RecordBatch:
    """Rows as a batch of a stream's schema; amounts and times are given as text.

    Raises:
        pa.ArrowInvalid: A value is none of its column's type, or is missing where the stream requires one.
    """
    columns = zip(*rows, strict=True) if rows else ((),) * len(stream.columns)
    arrays = [_array(field, column) for field, column in zip(stream.schema, columns, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=stream.schema)


def _array(field: "pa.Field[Any]", values: Sequence[Any]) -> "pa.Array[Any]":
    kind = field.type
    try:
        if pa.types.is_decimal(kind) or pa.types.is_timestamp(kind):
            array = pa.array(values, pa.string()).cast(kind)
        else:
            array = pa.array(values, kind)
    except pa.ArrowException as error:
        raise pa.ArrowInvalid(f"{field.name}: {error}") from error
    if array.null_count and not field.nullable:
        raise pa.ArrowInvalid(f"{field.name}: is missing")
    return array


class Assembly:
    """Collects one kind of record with its parts, and gives them out as pages, parents first.

    Attributes:
        parent_count: The parents collected so far.

    Args:
        parent: The parents' stream.
        parts: The streams of their parts.
    """

    def __init__(self, parent: Stream, parts: Sequence[Stream]) -> None:
        self.parent_count = 0
        self._held = 0
        self._parent = parent
        self._parts = {part.name: part for part in parts}
        self._rows: list[Row] = []
        self._raws: list[bytes] = []
        self._part_rows: dict[str, list[Row]] = {part.name: [] for part in parts}
        self._rejected: dict[str, list[RejectedRecord]] = {name: [] for name in (parent.name, *self._parts)}
        self._rejected_keys: set[str] = set()

    def add(self, row: Row, raw: bytes) -> None:
        """Take a parent, with its text as it was sent."""
        self.parent_count += 1
        self._held += _WEIGHT_OF_PARENT
        self._rows.append(row)
        self._raws.append(raw)

    def add_part(self, stream: str, row: Row) -> None:
        """Take a part; its first column is its parent's key."""
        self._held += 1
        self._part_rows[stream].append(row)

    def add_parts(self, stream: str, rows: Sequence[Row]) -> None:
        """Take some parts of one kind."""
        self._held += len(rows)
        self._part_rows[stream].extend(rows)

    def reject(self, stream: str, raw: bytes, error: Exception, key: str | None) -> None:
        """Set a record aside whose text is not what the schema says; of a parent, its parts with it."""
        is_parent = stream == self._parent.name
        if is_parent:
            self.parent_count += 1
            if key is not None:
                self._rejected_keys.add(key)
        field, reason = _explained(error)
        text = raw.decode("utf-8", "replace")
        self._rejected[stream].append(
            RejectedRecord(stream, self._parent.name, self.parent_count, field, reason, text, key)
        )

    def withdraw(self, key: str, raw: bytes, error: Exception) -> None:
        """Set a parent aside that was taken, for parts of it that came later.

        Raises:
            StopError: It was given out already.
        """
        if all(row[0] != key for row in self._rows):
            raise StopError(
                f"Shopify's {self._parent.name} {key} cannot be read: {error}. Nothing of this reading was kept; tell "
                "the maintainers, with the version of Shopify's API that is named beside"
            )
        self._rejected_keys.add(key)
        field, reason = _explained(error)
        text = raw.decode("utf-8", "replace")
        self._rejected[self._parent.name].append(
            RejectedRecord(self._parent.name, self._parent.name, self.parent_count, field, reason, text, key)
        )

    def is_rejected(self, key: str) -> bool:
        """Whether a parent was set aside."""
        return key in self._rejected_keys

    @property
    def is_full(self) -> bool:
        """Whether it is time to give out pages."""
        return self._held >= _ROWS_PER_PAGE

    def pages(self) -> Iterator[Page]:
        """What was collected since the last time."""
        self._held = 0
        yield from self._parent_pages()
        for name in self._parts:
            yield from self._part_pages(self._parts[name])

    def _parent_pages(self) -> Iterator[Page]:
        rows, raws, stream = self._rows, self._raws, self._parent
        self._rows, self._raws = [], []
        if self._rejected_keys:
            kept_places = [place for place, row in enumerate(rows) if row[0] not in self._rejected_keys]
            rows, raws = [rows[place] for place in kept_places], [raws[place] for place in kept_places]
        first = self.parent_count - len(rows) + 1
        stretches = list(_stretches(stream, rows))
        for places, batch in stretches:
            if batch is None:
                place = places.start
                self._reject_row(stream, rows[place], raws[place], first + place)
                self._rejected_keys.add(rows[place][0])
        rejected = self._take_rejected(stream)
        for places, batch in stretches:
            if batch is not None:
                texts = raws[places.start : places.stop]
                yield Page(stream.name, batch, rejected, sum(map(len, texts)), payload_column(texts))
                rejected = []
        if rejected:
            yield Page(stream.name, record_batch(stream, []), rejected, 0, pa.array([], pa.string()))

    def _part_pages(self, stream: Stream) -> Iterator[Page]:
        rows = self._part_rows[stream.name]
        self._part_rows[stream.name] = []
        if self._rejected_keys:
            rows = [row for row in rows if row[0] not in self._rejected_keys]
        stretches = list(_stretches(stream, rows))
        for places, batch in stretches:
            if batch is None:
                row = rows[places.start]
                raw = msgspec.json.encode(dict(zip(stream.column_names, row, strict=True)))
                self._reject_row(stream, row, raw, places.start + 1)
        rejected = self._take_rejected(stream)
        for _, batch in stretches:
            if batch is not None:
                yield Page(stream.name, batch, rejected)
                rejected = []
        if rejected:
            yield Page(stream.name, record_batch(stream, []), rejected)

    def _reject_row(self, stream: Stream, row: Row, raw: bytes, place: int) -> None:
        key = "/".join(str(value) for name, value in zip(stream.column_names, row, strict=True) if name in stream.key)
        try:
            record_batch(stream, [row])
        except pa.ArrowInvalid as error:
            field, _, reason = str(error).partition(": ")
            text = raw.decode("utf-8", "replace")
            rejected = RejectedRecord(stream.name, self._parent.name, place, field, _advised(reason), text, key)
            self._rejected[stream.name].append(rejected)

    def _take_rejected(self, stream: Stream) -> list[RejectedRecord]:
        taken, self._rejected[stream.name] = self._rejected[stream.name], []
        return taken


def _stretches(stream: Stream, rows: Sequence[Row]) -> Iterator[tuple[range, pa.RecordBatch | None]]:
    """The rows' stretches that convert, with what they convert to, found by halving; None with a row that does not."""
    waiting = [range(len(rows))] if rows else []
    while waiting:
        places = waiting.pop()
        try:
            yield places, record_batch(stream, rows[places.start : places.stop])
        except pa.ArrowInvalid:
            if len(places) == 1:
                yield places, None
            else:
                middle = len(places) // 2
                waiting += [places[middle:], places[:middle]]


def _explained(error: Exception) -> tuple[str, str]:
    """The field at fault and the reason, from msgspec's words."""
    message = str(error)
    found = _PATH.search(message)
    if found is None:
        return "*", _advised(message)
    return found[1] or "*", _advised(message[: found.start()])


def _advised(reason: str) -> str:
    return (
        f"{reason}; look at the record in the shop's admin. It is read again whenever it is changed there, or correct "
        "the text with `perennial replay-rejects`"
    )
