"""How one delimited file is laid out: where its header is, what parts its columns, and which of them are wanted."""

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from connectors.sources.files.content import as_text
from connectors.sources.files.records import Dialect, leading_record, records
from connectors.sources.files.settings import FileSet
from models.errors import MisconfiguredError, StopError

_CANDIDATES = {b",": "comma", b";": "semicolon", b"\t": "tab", b"|": "bar"}
_SAMPLE_RECORDS = 50


@dataclass(frozen=True)
class Layout:
    """A delimited file, opened up to its first row.

    Attributes:
        dialect: How its rows are written.
        names: Its columns, in order.
        positions: The position of each wanted column, by name.
        first_line: The physical line of the first row.
        pieces: The text from the first row on.
    """

    dialect: Dialect
    names: list[str]
    positions: dict[str, int]
    first_line: int
    pieces: Iterator[bytes]


def open_layout(
    pieces: Iterator[bytes], settings: FileSet, wanted: dict[str, str], *, is_csv: bool, label: str, key: str
) -> Layout:
    """Find the header and the delimiter.

    Args:
        pieces: The file's text.
        settings: How the files are written.
        wanted: The file's column by our field.
        is_csv: Whether a delimiter parts the columns, and not white space.
        label: The file's name, for errors.
        key: The key of `perennial.yml` under which the settings stand.

    Raises:
        MisconfiguredError: A wanted column is missing, or the delimiter cannot be told.
        StopError: The file ends before its header.
    """
    pieces = _after_lines(pieces, settings.skip_lines)
    quote = settings.quote_character.encode() if settings.quote_character and is_csv else None
    dialect = Dialect(delimiter=None if not is_csv else (settings.delimiter or "\n").encode(), quote=quote)
    if is_csv and settings.delimiter is None:
        sample, pieces = _sample(pieces)
        found = _delimiter(sample, quote, settings, list(wanted.values()), label=label, key=key)
        dialect = Dialect(delimiter=found, quote=quote)
    names, first_line = settings.column_names, settings.skip_lines + 1
    if settings.has_header:
        record, data, pieces = leading_record(pieces, dialect)
        if record is None:
            raise StopError(f"{label}: is empty where its header should be; nothing of this store was landed")
        if record.values is None:
            raise MisconfiguredError(f"{key}.header", f"{label}: the header cannot be read: {record.reason}")
        text = data[record.start : record.end]
        if b"\0" in text or as_text(text).encode() != text:
            raise MisconfiguredError(
                f"{key}.encoding", f"{label}: the header {as_text(text)[:200]!r} is no text in {settings.encoding}"
            )
        names = names or [value.decode("utf-8").strip() for value in record.values]
        first_line += data.count(b"\n", 0, record.following)
        pieces = _without_start(pieces, record.following)
    positions = column_positions(names or [], wanted, label=label, key=key)
    return Layout(dialect, names or [], positions, first_line, pieces)


def column_positions(names: Sequence[str], wanted: dict[str, str], *, label: str, key: str) -> dict[str, int]:
    """The position of each wanted column.

    Raises:
        MisconfiguredError: One is missing, or there are two of it; names the nearest.
    """
    positions = {}
    for field, column in wanted.items():
        own_key = f"{key}.columns.{field}"
        if column not in names:
            raise MisconfiguredError(own_key, missing_column(column, names, label))
        if list(names).count(column) > 1:
            raise MisconfiguredError(own_key, f"{label} has more than one column {column!r}; rename one of them")
        positions[column] = list(names).index(column)
    return positions


def missing_column(column: str, names: Sequence[str], label: str) -> str:
    """What to say of a column that a file does not have."""
    lowered = {name.lower(): name for name in names}
    near = difflib.get_close_matches(column.lower(), lowered, n=1, cutoff=0.5)
    nearest = f"; did you mean {lowered[near[0]]!r}?" if near else ";"
    return f"{label} has no column {column!r}{nearest} Its columns are: {', '.join(map(repr, names)) or 'none'}"


def _after_lines(pieces: Iterator[bytes], count: int) -> Iterator[bytes]:
    """The text below the first lines."""
    for piece in pieces:
        start = 0
        while count and (end := piece.find(b"\n", start)) >= 0:
            start, count = end + 1, count - 1
        if not count:
            yield piece[start:]


def _without_start(pieces: Iterator[bytes], size: int) -> Iterator[bytes]:
    for piece in pieces:
        yield piece[size:]
        size = max(size - len(piece), 0)


def _sample(pieces: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    first = next(pieces, b"")

    def again() -> Iterator[bytes]:
        yield first
        yield from pieces

    return first[: 1 << 16], again()


def _delimiter(
    sample: bytes, quote: bytes | None, settings: FileSet, wanted: list[str], *, label: str, key: str
) -> bytes:
    """The one delimiter that explains the first records.

    First the header decides: whichever delimiter yields all mapped columns. Without one, the delimiter must give every
    record of the sample the same number of columns, and more than one.

    Raises:
        MisconfiguredError: None does, or several do.
    """
    fitting = []
    for candidate in _CANDIDATES:
        dialect = Dialect(delimiter=candidate, quote=quote)
        rows = []
        for record in records(sample, 0, dialect, is_last=len(sample) < 1 << 16):
            if record.start != record.end:
                rows.append(record.values)
            if len(rows) > _SAMPLE_RECORDS:
                break
        if not rows or rows[0] is None:
            continue
        header = [value.decode("utf-8", "replace").strip() for value in rows[0]]
        if settings.has_header and settings.column_names is None and len(header) > 1 and set(wanted) <= set(header):
            return candidate
        counts = [len(row) for row in rows if row is not None]
        if min(counts) > 1 and max(counts) == min(counts):
            fitting.append(candidate)
    if len(fitting) == 1:
        return fitting[0]
    if set(wanted) == {as_text(sample).partition("\n")[0].strip()}:
        return b","
    told = (
        "several would do: " + ", ".join(_CANDIDATES[candidate] for candidate in fitting)
        if fitting
        else f"none of {', '.join(_CANDIDATES.values())} gives its rows the same number of columns"
    )
    raise MisconfiguredError(f"{key}.delimiter", f'cannot be told from {label}, for {told}; declare it, such as ";"')
