"""Records of CSV and of white-space separated text, one by one: for headers, corrections, and what is not well-formed.

A record that cannot be parted costs nobody but itself: after a quote that never closes, reading goes on at the next
line.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

from models.errors import RejectedRecordError

_LINE_FEED, _RETURN = 10, 13
# A quoted value longer than this is taken for a quote that never closes.
_QUOTED_BYTES = 1 << 20


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
    if reason := flaw(data[record.start : record.end], len(record.values), width):
        raise RejectedRecordError("*", reason)
    return [value.decode("utf-8") for value in record.values]


def records(data: bytes, start: int, dialect: Dialect, *, is_last: bool) -> Iterator[Record]:
    """The records from a position on, one by one; stops before one that may not be whole yet."""
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
            yield Record(start, end, following, list(filter(None, re.split(b"[ \t\r]+", text))))
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
                reason = f"a value in {sign} goes on after its closing {sign}; within a value {sign} is written twice"
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


def flaw(record: bytes, count: int, width: int) -> str | None:
    """What keeps a record from being a row, or None."""
    if b"\0" in record:
        return "contains NUL bytes, which no text has; was the file copied or packed incompletely?"
    try:
        record.decode("utf-8")
    except UnicodeDecodeError as error:
        # A byte that the decoder could not explain comes as U+DC80 to U+DCFF, in UTF-8 ED B2 xx or ED B3 xx.
        mark = record[error.start : error.start + 3]
        is_mark = len(mark) == 3 and mark[0] == 0xED and mark[1] in (0xB2, 0xB3)
        code = ((mark[1] & 3) << 6 | mark[2] & 0x3F) if is_mark else mark[0]
        return f"byte 0x{code:02X} is no text in the declared encoding; is `encoding` right?"
    if count != width:
        return f"has {count} {'value' if count == 1 else 'values'}, but the file has {width} columns"
    return None


def leading_record(pieces: Iterator[bytes], dialect: Dialect) -> tuple[Record | None, bytes, Iterator[bytes]]:
    """The first record, the piece of text that holds it, and all pieces again."""
    data = b""
    for piece in pieces:
        data += piece
        if record := next(records(data, 0, dialect, is_last=False), None):
            return record, data, chain([data], pieces)
    return next(records(data, 0, dialect, is_last=True), None), data, iter([data] if data else [])
