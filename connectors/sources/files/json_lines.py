"""Rows of JSON lines: one object per line, whose fields may lie within others."""

from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec
import numpy as np
import polars as pl

from connectors.sources.files.content import as_text
from connectors.sources.files.rows import BrokenRow, RowBlock, RowTexts
from models.errors import RejectedRecordError, StopError

_RECORD_BYTES = 1 << 24
_LARGEST_EXPONENT = 30


class JsonNumber(str):
    """A number's digits as they stand in the file: a binary fraction would not be what was written."""

    __slots__ = ()


class JsonDecoder:
    """Turns a line into the wanted values.

    Args:
        columns: The wanted fields; dots lead into nested objects, unless a field's own name holds them.
        decimal_separator: How the files write fractions within texts; numbers are brought to the same form.
    """

    def __init__(self, columns: Sequence[str], *, decimal_separator: str) -> None:
        self._paths = [(column, tuple(column.split("."))) for column in columns]
        self._decimal_separator = decimal_separator
        self._decoder = msgspec.json.Decoder(float_hook=JsonNumber)

    def values(self, line: bytes | str) -> list[str | None]:
        """The wanted values, in the order of the columns; an absent field is None.

        Raises:
            RejectedRecordError: The line is no JSON object, or a value is an object or a list.
        """
        try:
            record = self._decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise RejectedRecordError("*", f"is not valid JSON: {error}") from None
        if not isinstance(record, dict):
            raise RejectedRecordError("*", 'is not a JSON object; each line needs one, such as {"id": 1}')
        return [
            value if type(value) is str or value is None else self._text(value, column)
            for column, path in self._paths
            for value in (record[column] if column in record else _within(record, path),)
        ]

    def _text(self, value: Any, column: str) -> str:  # noqa: ANN401 - JSON holds anything
        kind = type(value)
        if kind is int:
            return str(value)
        if kind is JsonNumber:
            digits = plain_number(value)
            return digits if self._decimal_separator == "." else digits.replace(".", self._decimal_separator)
        if kind is bool:
            return "true" if value else "false"
        raise RejectedRecordError(column, f"is {'an object' if kind is dict else 'a list'}, not one value")


def plain_number(digits: str) -> str:
    """A number without exponent, as far as it is a sane one."""
    if "e" not in digits and "E" not in digits:
        return str(digits)
    try:
        number = Decimal(digits)
    except InvalidOperation:
        return str(digits)
    return f"{number:f}" if abs(number.adjusted()) < _LARGEST_EXPONENT else str(digits)


def _within(record: dict[str, Any], path: tuple[str, ...]) -> Any:  # noqa: ANN401 - JSON holds anything
    value: Any = record
    for part in path:
        if not isinstance(value, dict):
            return None
        value = value.get(part)
    return value


def read_blocks(
    pieces: Iterator[bytes], decoder: JsonDecoder, columns: Sequence[str], *, first_line: int, label: str
) -> Iterator[RowBlock]:
    """The rows of a file.

    Raises:
        StopError: There are no line ends: this is no JSON lines file.
    """
    rest, line = b"", first_line
    waiting = next(pieces, None)
    while waiting is not None:
        following = next(pieces, None)
        data = rest + waiting
        used = len(data) if following is None else data.rfind(b"\n") + 1
        lines = data[:used].split(b"\n")
        yield _block(lines, decoder, columns, line)
        line += len(lines) - 1
        rest = data[used:]
        if len(rest) > _RECORD_BYTES:
            raise StopError(
                f"{label}: line {line} does not end within {_RECORD_BYTES >> 20} MiB; is this one object per line?"
            )
        waiting = following


def read_one(text: str, decoder: JsonDecoder, columns: Sequence[str]) -> RowTexts:
    """The wanted values of one record.

    Raises:
        RejectedRecordError: It is no JSON object.
    """
    return dict(zip(columns, decoder.values(text), strict=True))


def _block(lines: list[bytes], decoder: JsonDecoder, columns: Sequence[str], first_line: int) -> RowBlock:
    rows: list[list[str | None]] = []
    kept: list[int] = []
    broken: list[BrokenRow] = []
    for offset, line in enumerate(lines):
        if not line or line.isspace():
            continue
        try:
            rows.append(decoder.values(line))
            kept.append(offset)
        except RejectedRecordError as error:
            received = as_text(line.removesuffix(b"\r"))
            broken.append(BrokenRow(first_line + offset, error.field, error.reason, received))
    values = list(zip(*rows, strict=True)) if rows else [() for _ in columns]
    texts = {name: pl.Series(name, own, dtype=pl.String) for name, own in zip(columns, values, strict=True)}

    def raw_text(position: int) -> str:
        return as_text(lines[kept[position]].removesuffix(b"\r"))

    return RowBlock(texts, first_line + np.array(kept, dtype=np.int64), raw_text, broken)


def field_names(line: str) -> list[str]:
    """The fields of an object, those of nested objects with dots."""

    def names(record: dict[str, Any], prefix: str) -> Iterator[str]:
        for name, value in record.items():
            if isinstance(value, dict):
                yield from names(value, f"{prefix}{name}.")
            else:
                yield f"{prefix}{name}"

    return list(names(msgspec.json.decode(line), ""))


def after_lines(pieces: Iterator[bytes], count: int) -> Iterator[bytes]:
    """The text below the first lines."""
    for piece in pieces:
        start = 0
        while count and (end := piece.find(b"\n", start)) >= 0:
            start, count = end + 1, count - 1
        if not count:
            yield piece[start:]
