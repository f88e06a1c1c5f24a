"""Rows and columns of CSV and of white-space separated text, a block at a time.

Delimiters and line ends are found in the bytes of a whole block; those within quotes are told by the number of quotes
before them. From the first quote that stands where none may stand, the rest of the block is parted record by record.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from connectors.sources.files.content import as_text
from connectors.sources.files.records import Dialect, Record, flaw, records
from connectors.sources.files.rows import BrokenRow, RowBlock
from models.errors import StopError

_LINE_FEED, _RETURN, _BLANK, _TAB = 10, 13, 32, 9
_RECORD_BYTES = 1 << 24

Positions = npt.NDArray[np.int64]


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
    is_bad = fields.counts != width
    is_bad |= _undecodable(data, starts, following)
    is_bad |= _holding_nul(data, raw, starts, following)
    is_blank = (starts == ends) | (fields.counts == 0)
    good = np.flatnonzero(~is_bad & ~is_blank)
    texts = {name: _gathered(raw, *fields.column(position, good), dialect) for name, position in columns.items()}
    broken = [
        (int(starts[row]), int(ends[row]), flaw(data[starts[row] : ends[row]], int(fields.counts[row]), width))
        for row in np.flatnonzero(is_bad & ~is_blank).tolist()
    ]
    remaining = list(records(data, following, dialect, is_last=is_last))
    used = min(remaining[-1].following, len(data)) if remaining else following
    wholes: list[Record] = []
    for record in remaining:
        if record.start == record.end or record.values == []:
            continue
        count = len(record.values) if record.values is not None else 0
        reason = flaw(data[record.start : record.end], count, width) if record.values is not None else record.reason
        if reason:
            broken.append((record.start, record.end, reason))
        else:
            wholes.append(record)
    good_starts, good_ends = starts[good], ends[good]
    if wholes:
        for name, position in columns.items():
            own = [record.values[position].decode("utf-8") for record in wholes if record.values is not None]
            texts[name] = pl.concat([texts[name], pl.Series(name, own, dtype=pl.String)])
        good_starts = np.append(good_starts, np.array([record.start for record in wholes], dtype=np.int64))
        good_ends = np.append(good_ends, np.array([record.end for record in wholes], dtype=np.int64))

    def raw_text(position: int) -> str:
        return as_text(data[good_starts[position] : good_ends[position]])

    lines = line + np.searchsorted(feeds, good_starts)
    broken_lines = line + np.searchsorted(feeds, np.array([start for start, _, _ in broken], dtype=np.int64))
    broken_rows = [
        BrokenRow(int(own_line), "*", reason or "cannot be read", as_text(data[start:end]))
        for own_line, (start, end, reason) in zip(broken_lines, broken, strict=True)
    ]
    return RowBlock(texts, lines, raw_text, broken_rows), used


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


def _undecodable(data: bytes, starts: Positions, stop: int) -> npt.NDArray[np.bool_]:
    """Which records hold bytes that are no UTF-8."""
    is_bad = np.zeros(len(starts), dtype=bool)
    view = memoryview(data)[:stop]
    try:
        str(view, "utf-8")
    except UnicodeDecodeError:
        # Record by record: the error of a whole block carries a copy of the block, once for each bad byte.
        bounds = [*starts.tolist(), stop]
        for row, (start, following) in enumerate(pairwise(bounds)):
            try:
                str(view[start:following], "utf-8")
            except UnicodeDecodeError:
                is_bad[row] = True
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
    buffers = [None, pa.py_buffer(offsets.tobytes()), pa.py_buffer(raw[positions].tobytes())]
    texts = pl.Series(pa.Array.from_buffers(pa.large_string(), len(starts), buffers))
    if is_quoted is not None and dialect.quote is not None:
        quote_text = dialect.quote.decode()
        single = texts.str.replace_all(quote_text * 2, quote_text, literal=True)
        texts = single.zip_with(pl.Series(is_quoted), texts)
    return texts
