"""One open file as blocks of rows, whatever its format."""

from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import PurePath
from typing import Protocol

from connectors.sources.files import delimited, json_lines
from connectors.sources.files.content import CheckedFile, text_pieces
from connectors.sources.files.layout import missing_column, open_layout
from connectors.sources.files.locations import FoundFile
from connectors.sources.files.parquet import ParquetTable
from connectors.sources.files.records import split_record
from connectors.sources.files.rows import RowBlock, RowTexts
from connectors.sources.files.settings import FileSet
from models.errors import MisconfiguredError

_PACKED = {".gz", ".zst"}
_FORMATS = {".csv": "csv", ".tsv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet"}


class Table(Protocol):
    """A file, opened: its columns are known to be there."""

    def blocks(self) -> Iterator[RowBlock]:
        """The rows, once.

        Raises:
            StopError: The file is broken off, or changed while it was read.
        """
        ...

    def read_one(self, text: str) -> RowTexts:
        """The values of one record that was written by hand.

        Raises:
            RejectedRecordError: It is no record of this file's layout.
        """
        ...

    @property
    def position(self) -> int:
        """How much of the file was read, in bytes as they lie on disk."""
        ...

    def close(self) -> None:
        """Release the file."""
        ...


def file_format(found: FoundFile, settings: FileSet, key: str) -> str:
    """The format of a file: as declared, or by its suffix.

    Raises:
        MisconfiguredError: The suffix does not tell, or the format cannot be packed this way.
    """
    suffixes = [suffix.lower() for suffix in PurePath(found.label).suffixes]
    is_packed = bool(suffixes) and suffixes[-1] in _PACKED
    told = suffixes[-2 if is_packed else -1] if len(suffixes) > is_packed else ""
    declared = settings.format if settings.format != "auto" else _FORMATS.get(told)
    if declared is None:
        raise MisconfiguredError(
            f"{key}.format", f"cannot be told from the name {found.label}; write csv, jsonl, parquet or whitespace"
        )
    if declared == "parquet" and is_packed:
        raise MisconfiguredError(f"{key}.path", f"{found.label}: Parquet packs its own columns; unpack the file")
    return declared


def open_table(found: FoundFile, settings: FileSet, wanted: Mapping[str, str], *, key: str) -> Table:
    """Open a file and find its columns.

    Args:
        found: The file.
        settings: How it is written.
        wanted: The file's column by our field.
        key: The key of `perennial.yml` under which the settings stand.

    Raises:
        MisconfiguredError: A column is missing, or the file is not written as declared.
        StopError: The file is empty, broken off or damaged.
    """
    kind = file_format(found, settings, key)
    if kind == "parquet":
        return ParquetTable(found, dict(wanted), decimal_separator=settings.decimal_separator, key=key)
    file = CheckedFile(found)
    try:
        if kind == "jsonl":
            return _JsonTable(found, file, settings, dict(wanted), key)
        return _DelimitedTable(found, file, settings, dict(wanted), key=key, is_csv=kind == "csv")
    except BaseException:
        file.close()
        raise


class _TextTable:
    """What the formats made of text share."""

    def __init__(self, found: FoundFile, file: CheckedFile) -> None:
        self._found = found
        self._file = file

    @property
    def position(self) -> int:
        return self._file.position

    def close(self) -> None:
        self._file.close()


class _DelimitedTable(_TextTable):
    def __init__(
        self, found: FoundFile, file: CheckedFile, settings: FileSet, wanted: dict[str, str], *, key: str, is_csv: bool
    ) -> None:
        super().__init__(found, file)
        pieces = text_pieces(found, file, encoding=settings.encoding, key=key)
        self._layout = open_layout(pieces, settings, wanted, is_csv=is_csv, label=found.label, key=key)

    def blocks(self) -> Iterator[RowBlock]:
        layout = self._layout
        yield from delimited.read_blocks(
            layout.pieces,
            layout.dialect,
            layout.positions,
            width=len(layout.names),
            first_line=layout.first_line,
            label=self._found.label,
        )
        self._file.finish()

    def read_one(self, text: str) -> RowTexts:
        values = split_record(text, self._layout.dialect, width=len(self._layout.names))
        return {name: values[position] for name, position in self._layout.positions.items()}


class _JsonTable(_TextTable):
    def __init__(
        self, found: FoundFile, file: CheckedFile, settings: FileSet, wanted: dict[str, str], key: str
    ) -> None:
        super().__init__(found, file)
        self._columns = sorted(set(wanted.values()))
        self._decoder = json_lines.JsonDecoder(self._columns, decimal_separator=settings.decimal_separator)
        pieces = json_lines.after_lines(
            text_pieces(found, file, encoding=settings.encoding, key=key), settings.skip_lines
        )
        blocks = json_lines.read_blocks(
            pieces, self._decoder, self._columns, first_line=settings.skip_lines + 1, label=found.label
        )
        first = next(blocks, None)
        self._blocks = chain([first] if first is not None else [], blocks)
        if first is not None and len(first.lines):
            self._check_columns(first, wanted, key)

    def _check_columns(self, first: RowBlock, wanted: dict[str, str], key: str) -> None:
        """A field that no object has at first is a slip of the pen, if no order can do without it."""
        for field in ("customer_id", "ordered_at", "amount", "currency_code", "order_id"):
            column = wanted.get(field)
            if column is not None and first.columns[column].null_count() == len(first.lines):
                names = json_lines.field_names(first.raw_text(0))
                if column not in names:
                    message = missing_column(column, names, self._found.label)
                    raise MisconfiguredError(f"{key}.columns.{field}", message)

    def blocks(self) -> Iterator[RowBlock]:
        yield from self._blocks
        self._file.finish()

    def read_one(self, text: str) -> RowTexts:
        return json_lines.read_one(text, self._decoder, self._columns)
