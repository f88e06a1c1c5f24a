"""Rows and columns of CSV and of white-space separated text.

Well-formed records are parted for a whole block at once: delimiters and line ends are found in the bytes, and those within
quotes are told by the number of quotes before them. From the first quote that stands where none may stand, the rest of the
block is parted record by record. Each record keeps its physical line and its bytes, and a record that cannot be parted
costs nobody but itself: after a quote that never closes, reading goes on at the next line.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from connectors.sources.files.content import as_text
from connectors.sources.files.rows import BrokenRow, RowBlock, RowTexts
from models.errors import RejectedRecordError, StopError

_LINE_FEED, _RETURN, _BLANK, _TAB = 10, 13, 32, 9
# A quoted value longer than this is taken for a quote that never closes.
_QUOTED_BYTES = 1 << 20
_RECORD_BYTES = 1 << 24

Positions = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Dialect:
    """How rows are written.

    Attributes:
        delimiter: The byte that parts columns; None for runs of blanks and tabs.
        quote: The byte that encloses values; None where nothing does.
    """

    delimiter: bytes | None
    quote: bytes | None


class Record(NamedTuple):
    """One record of the record-by-record way: its extent, and its values or what is wrong with it."""

    start: int
    end: int
    following: int
    values: list[bytes] | None
    reason: str | None = None


def read_blocks(
    pieces: Iterator[bytes], dialect: Dialect, columns: Mapping[str, int], *, width: int, first_line: int, label: str
) -> Iterator[RowBlock]:
    """The rows below the header.

    Args:
        pieces: The text from the first row on, as UTF-8.
        dialect: How rows are written.
        columns: The position of each column that is wanted, by name.
        width: How many columns a row has.
        first_line: The physical line on which the text begins.
        label: The file's name, for errors.

    Raises:
        StopError: There are no line ends: this is no text.
    """
    rest, line = b"", first_line
    waiting = next(pieces, None)
    while waiting is not None:
        following = next(pieces, None)
        data = rest + waiting
        block, used = _block(data, dialect, columns, width=width, line=line, is_last=following is None)
        yield block
        line += data.count(b"\n", 0, used)
        rest = data[used:]
        if len(rest) > _RECORD_BYTES:
            raise StopError(f"{label}: line {line} does not end within {_RECORD_BYTES >> 20} MiB; is this a text file?")
        waiting = following


def split_record(text: str, dialect: Dialect, *, width: int) -> list[str]:
    """The values of one record.

    Raises:
        RejectedRecordError: It is not one record of that many columns.
    """
    data = text.encode("utf-8", "surrogatepass")
    record = next(records(data, 0, dialect, is_last=True), None)
    if record is None:
        raise RejectedRecordError("*", "is empty")
    if record.values is None:
        raise RejectedRecordError("*", record.reason or "cannot be read")
    if data[record.following :].strip():
        raise RejectedRecordError("*", "holds more than one record")
    if reason := _flaw(data[record.start : record.end], len(record.values), width):
        raise RejectedRecordError("*", reason)
    return [value.decode("utf-8") for value in record.values]


def texts_of(values: list[str], columns: Mapping[str, int]) -> RowTexts:
    """The wanted values of a record by column name."""
    return {name: values[position] for name, position in columns.items()}


def records(data: bytes, start: int, dialect: Dialect, *, is_last: bool) -> Iterator[Record]:
    """The records from a position on, one by one; stops before one whose end is not in the data, unless it is the last."""
    quote, delimiter = dialect.quote, dialect.delimiter
    while start < len(data):
        newline = data.find(b"\n", start)
        if newline < 0 and not is_last:
            return
        line_end = len(data) if newline < 0 else newline
        following = line_end + 1
        end = line_end - 1 if line_end > start and data[line_end - 1] == _RETURN else line_end
        text = data[start:end]
        if delimiter is None:
            yield Record(start, end, following, text.split())
        elif quote is None or quote not in text:
            yield Record(start, end, following, text.split(delimiter))
        else:
            record = _quoted_record(data, start, dialect, is_last=is_last)
            if record is None and not is_last and len(data) - start <= _QUOTED_BYTES:
                return
            if record is None or record.values is None:
                reason = record.reason if record else f"a value opens with {quote.decode()} and never closes"
                record = Record(start, end, following, None, reason)
            yield record
            following = record.following
        start = following


def _quoted_record(data: bytes, start: int, dialect: Dialect, *, is_last: bool) -> Record | None:
    """A record with quotes in it; None if the data ends before it does."""
    quote, delimiter = dialect.quote or b"", dialect.delimiter or b""
    q, d = re.escape(quote), re.escape(delimiter)
    enclosed = re.compile(b"%b([^%b]*+(?:%b%b[^%b]*+)*+)%b" % (q, q, q, q, q, q))
    plain = re.compile(b"[^%b\n]*" % d)
    values: list[bytes] = []
    position = start
    while True:
        if data.startswith(quote, position):
            match = enclosed.match(data, position)
            if match is None:
                return None
            value = match[1].replace(quote * 2, quote)
            position = match.end()
            if data.startswith(b"\r\n", position) or data[position : position + 2] == b"\r":
                position += 1
            if position < len(data) and data[position] not in (delimiter[0], _LINE_FEED):
                sign = quote.decode()
                reason = f"a value in {sign} goes on after its closing {sign}; a {sign} inside a value is written twice"
                return Record(start, position, position, None, reason)
        else:
            match = plain.match(data, position)
            value = match[0] if match else b""
            position += len(value)
            if data[position : position + 1] != delimiter:
                value = value.removesuffix(b"\r")
        values.append(value)
        if position >= len(data) and not is_last:
            return None
        if data[position : position + 1] != delimiter:
            end = position - 1 if position > start and data[position - 1] == _RETURN else position
            return Record(start, end, position + 1, values)
        position += 1


def _block(
    data: bytes, dialect: Dialect, columns: Mapping[str, int], *, width: int, line: int, is_last: bool
) -> tuple[RowBlock, int]:
    """The rows of the data's whole records, and how much of the data they take."""
    raw = np.frombuffer(data, dtype=np.uint8)
    feeds = np.flatnonzero(raw == _LINE_FEED)
    if dialect.delimiter is None:
        starts, ends, following = _lines(raw, feeds, is_last=is_last)
        fields = _runs(raw, starts, ends)
    else:
        starts, ends, following, delimiters = _delimited(raw, feeds, dialect, is_last=is_last)
        fields = _Fields.between(delimiters, starts, ends)
    remaining, used = [], following
    for record in records(data, following, dialect, is_last=is_last):
        remaining.append(record)
        used = record.following
    counts = fields.counts
    is_bad = counts != width
    is_bad |= _undecodable(data, starts, ends, following)
    is_bad |= _holding_nul(data, raw, starts, following)
    is_blank = (starts == ends) | (counts == 0)

    def line_of(starts: Positions) -> Positions:
        return line + np.searchsorted(feeds, starts)

    broken = [
        BrokenRow(int(line_of(starts[i : i + 1])[0]), "*", reason, as_text(data[starts[i] : ends[i]]))
        for i in np.flatnonzero(is_bad & ~is_blank)
        if (reason := _flaw(data[starts[i] : ends[i]], int(counts[i]), width))
    ]
    good = np.flatnonzero(~is_bad & ~is_blank)
    texts = {name: _gathered(raw, *fields.column(position, good), dialect) for name, position in columns.items()}
    good_starts, good_ends = starts[good], ends[good]
    if remaining:
        good_records = []
        for record in remaining:
            if record.start == record.end or record.values == []:
                continue
            extent = data[record.start : record.end]
            reason = record.reason if record.values is None else _flaw(extent, len(record.values), width)
            if reason:
                position = np.array([record.start])
                broken.append(BrokenRow(int(line_of(position)[0]), "*", reason, as_text(extent)))
            else:
                good_records.append(record)
        for name, position in columns.items():
            # `values` is there: a record without them is broken.
            own = [record.values[position].decode("utf-8") for record in good_records if record.values is not None]
            texts[name] = pl.concat([texts[name], pl.Series(name, own, dtype=pl.String)])
        good_starts = np.concatenate([good_starts, np.array([r.start for r in good_records], dtype=np.int64)])
        good_ends = np.concatenate([good_ends, np.array([r.end for r in good_records], dtype=np.int64)])

    def raw_text(position: int) -> str:
        return as_text(data[good_starts[position] : good_ends[position]])

    return RowBlock(texts, line_of(good_starts), raw_text, broken), min(used, len(data))


def _flaw(record: bytes, count: int, width: int) -> str | None:
    """What keeps a record from being a row, or None."""
    if b"\0" in record:
        return "contains NUL bytes, which no text has; was the file copied or packed incompletely?"
    try:
        record.decode("utf-8")
    except UnicodeDecodeError as error:
        # The decoder hands on a byte that it could not explain as U+DC80 to U+DCFF, whose UTF-8 is ED B2 xx or ED B3 xx.
        mark = record[error.start : error.start + 3]
        is_mark = len(mark) == 3 and mark[0] == 0xED and mark[1] in (0xB2, 0xB3)
        code = ((mark[1] & 3) << 6 | mark[2] & 0x3F) if is_mark else mark[0]
        return f"byte 0x{code:02X} is no text in the declared encoding; if every accent is refused, `encoding` is wrong"
    if count != width:
        return f"has {count} {'value' if count == 1 else 'values'}, but the file has {width} columns"
    return None


@dataclass(frozen=True)
class _Fields:
    """The extents of values: of each record the first one's position in two flat arrays, and how many there are."""

    starts: Positions
    ends: Positions
    first: Positions
    counts: Positions

    @classmethod
    def between(cls, delimiters: Positions, starts: Positions, ends: Positions) -> "_Fields":
        """The values that delimiters part: one more than there are delimiters in a record."""
        before = np.searchsorted(delimiters, starts)
        counts = np.searchsorted(delimiters, ends) - before + 1
        first = before + np.arange(len(starts))
        field_starts = np.empty(int(counts.sum()), dtype=np.int64)
        field_ends = np.empty_like(field_starts)
        is_first = np.zeros(len(field_starts), dtype=bool)
        is_first[first] = True
        is_last = np.zeros_like(is_first)
        is_last[first + counts - 1] = True
        inner = delimiters[: len(field_starts) - len(starts)]
        field_starts[first], field_starts[~is_first] = starts, inner + 1
        field_ends[first + counts - 1], field_ends[~is_last] = ends, inner
        return cls(field_starts, field_ends, first, counts)

    def column(self, position: int, rows: Positions) -> tuple[Positions, Positions]:
        """Where the values of a column begin and end, for rows that have it."""
        index = self.first[rows] + position
        return self.starts[index], self.ends[index]


def _lines(raw: npt.NDArray[np.uint8], feeds: Positions, *, is_last: bool) -> tuple[Positions, Positions, int]:
    """Records that are lines: where they begin, where they end, and where the rest begins."""
    following = int(feeds[-1]) + 1 if len(feeds) else 0
    ends = feeds
    if is_last and following < len(raw):
        ends, following = np.append(feeds, len(raw)), len(raw)
    starts = np.concatenate([[0], ends[:-1] + 1]).astype(np.int64) if len(ends) else np.empty(0, dtype=np.int64)
    return starts, _before_return(raw, starts, ends), following


def _before_return(raw: npt.NDArray[np.uint8], starts: Positions, ends: Positions) -> Positions:
    has_return = (ends > starts) & (raw[np.maximum(ends - 1, 0)] == _RETURN) if len(raw) else ends > starts
    return ends - has_return


def _runs(raw: npt.NDArray[np.uint8], starts: Positions, ends: Positions) -> _Fields:
    """The values that blanks and tabs part."""
    is_value = (raw != _BLANK) & (raw != _TAB) & (raw != _RETURN) & (raw != _LINE_FEED)
    edges = np.diff(is_value.astype(np.int8), prepend=0, append=0)
    field_starts, field_ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    first = np.searchsorted(field_starts, starts)
    return _Fields(field_starts, field_ends, first, np.searchsorted(field_starts, ends) - first)


def _delimited(
    raw: npt.NDArray[np.uint8], feeds: Positions, dialect: Dialect, *, is_last: bool
) -> tuple[Positions, Positions, int, Positions]:
    """Well-formed records from the data's beginning on: begins, ends, where the rest begins, and their delimiters."""
    delimiter = (dialect.delimiter or b"\0")[0]
    delimiters = np.flatnonzero(raw == delimiter)
    quotes = np.flatnonzero(raw == dialect.quote[0]) if dialect.quote else np.empty(0, dtype=np.int64)
    if not len(quotes):
        return *_lines(raw, feeds, is_last=is_last), delimiters
    misplaced = _first_misplaced(raw, quotes, delimiter)
    feeds = feeds[np.searchsorted(quotes, feeds) % 2 == 0]
    delimiters = delimiters[np.searchsorted(quotes, delimiters) % 2 == 0]
    is_whole = is_last and misplaced is None and len(quotes) % 2 == 0
    if misplaced is not None:
        feeds = feeds[feeds < misplaced]
    starts, ends, following = _lines(raw, feeds, is_last=is_whole)
    return starts, ends, following, delimiters[delimiters < following]


def _first_misplaced(raw: npt.NDArray[np.uint8], quotes: Positions, delimiter: int) -> int | None:
    """The first quote that neither opens nor closes a value nor is one of a pair within one."""
    quote = raw[quotes[0]]
    opening, closing = quotes[0::2], quotes[1::2]
    before = raw[np.maximum(opening - 1, 0)]
    opens = (opening == 0) | (before == delimiter) | (before == _LINE_FEED)
    opens |= (before == quote) & (np.arange(len(opening)) > 0)
    last = len(raw) - 1
    after, second = raw[np.minimum(closing + 1, last)], raw[np.minimum(closing + 2, last)]
    closes = (closing == last) | (after == delimiter) | (after == _LINE_FEED) | (after == quote)
    closes |= (after == _RETURN) & ((second == _LINE_FEED) | (closing + 1 == last))
    wrong = np.concatenate([opening[~opens], closing[~closes]])
    return int(wrong.min()) if len(wrong) else None


def _undecodable(data: bytes, starts: Positions, ends: Positions, stop: int) -> npt.NDArray[np.bool_]:
    """Which records hold bytes that are no UTF-8."""
    is_bad = np.zeros(len(starts), dtype=bool)
    view = memoryview(data)
    position = 0
    while position < stop:
        try:
            str(view[position:stop], "utf-8")
            break
        except UnicodeDecodeError as error:
            row = int(np.searchsorted(starts, position + error.start, side="right")) - 1
            is_bad[row] = True
            position = int(starts[row + 1]) if row + 1 < len(starts) else stop
    return is_bad


def _holding_nul(data: bytes, raw: npt.NDArray[np.uint8], starts: Positions, stop: int) -> npt.NDArray[np.bool_]:
    """Which records hold NUL bytes."""
    is_bad = np.zeros(len(starts), dtype=bool)
    if b"\0" in data:
        positions = np.flatnonzero(raw[:stop] == 0)
        is_bad[np.searchsorted(starts, positions, side="right") - 1] = True
    return is_bad


def _gathered(raw: npt.NDArray[np.uint8], starts: Positions, ends: Positions, dialect: Dialect) -> pl.Series:
    """The texts at these extents, without their quotes."""
    is_quoted = None
    if dialect.delimiter is not None and dialect.quote is not None and len(starts):
        quote = dialect.quote[0]
        is_quoted = (ends - starts >= 2) & (raw[np.minimum(starts, len(raw) - 1)] == quote)
        if is_quoted.any():
            starts, ends = starts + is_quoted, ends - is_quoted
        else:
            is_quoted = None
    lengths = ends - starts
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    positions = np.arange(offsets[-1]) + np.repeat(starts - offsets[:-1], lengths)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(raw[positions])]
    texts = pl.Series(pa.Array.from_buffers(pa.large_string(), len(starts), buffers))
    if is_quoted is not None and dialect.quote is not None:
        quote_text = dialect.quote.decode()
        single = texts.str.replace_all(quote_text * 2, quote_text, literal=True)
        texts = single.zip_with(pl.Series(is_quoted), texts)
    return texts


def leading_record(pieces: Iterator[bytes], dialect: Dialect) -> tuple[Record | None, bytes, Iterator[bytes]]:
    """The first record, the piece of text that holds it, and all pieces again."""
    data = b""
    for piece in pieces:
        data += piece
        if record := next(records(data, 0, dialect, is_last=False), None):
            return record, data, chain([data], pieces)
    return next(records(data, 0, dialect, is_last=True), None), data, iter([data] if data else [])
