"""Tables as files that other programs open: Parquet, CSV and XLSX, written batch by batch.

What a type becomes in each stands in docs/export.md. Knows no table by name, and not where rows come from.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from enum import StrEnum
from typing import Any, BinaryIO

import polars as pl
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from models.workbooks import workbook

WriteRows = Callable[[pa.RecordBatch], None]

_csv: Any = pyarrow.csv

# A spreadsheet runs what begins so as a formula, full-width signs included; after a separator as well, for where lists
# are separated by semicolons it takes a comma's file apart there.
_FORMULA = r"(^|[;\t\r\n])(\s*[=+\-@\x{FF1D}\x{FF0B}\x{FF0D}\x{FF20}])"
# A number is no formula, whatever its sign.
_NUMBER = r"^[+-]?[0-9]+([.,][0-9]+)?$"


class FileFormat(StrEnum):
    """The kinds of files, by the endings of their names."""

    PARQUET = "parquet"
    CSV = "csv"
    XLSX = "xlsx"


def table_file(
    file: BinaryIO, schema: pa.Schema, file_format: FileFormat, *, title: str, is_exact_text: bool = False
) -> AbstractContextManager[WriteRows]:
    """A file of rows, complete when the block has ended well.

    Args:
        file: Open for writing, at its beginning.
        schema: The columns.
        file_format: What it is.
        title: What a workbook's sheet is called.
        is_exact_text: Whether a CSV file holds text that a spreadsheet would run as a formula as it is.

    Returns:
        A function that adds rows of the schema, for the block.

    Raises:
        StopError: A row has what such a file cannot hold.
        OSError: It could not be written.
    """
    if file_format is FileFormat.PARQUET:
        return _parquet_file(file, schema)
    if file_format is FileFormat.CSV:
        return _csv_file(file, schema, is_exact_text=is_exact_text)
    return _workbook_file(file, schema, title)


def harmless_text(text: pl.Expr) -> pl.Expr:
    """Text that no spreadsheet runs: an apostrophe stands before what would be a formula; numbers stay as they are."""
    return pl.when(text.str.contains(_NUMBER)).then(text).otherwise(text.str.replace_all(_FORMULA, "${1}'${2}"))


@contextmanager
def _parquet_file(file: BinaryIO, schema: pa.Schema) -> Iterator[WriteRows]:
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        yield writer.write_batch


@contextmanager
def _csv_file(file: BinaryIO, schema: pa.Schema, *, is_exact_text: bool) -> Iterator[WriteRows]:
    flat = _flat_schema(schema)
    # Text is in quotes and null is nothing at all, so that an empty text can be told from it.
    with _csv.CSVWriter(file, flat, write_options=_csv.WriteOptions(quoting_style="needed")) as writer:

        def write(batch: pa.RecordBatch) -> None:
            rows = _flat(batch, flat)
            writer.write_batch(rows if is_exact_text else _harmless(rows))

        yield write


@contextmanager
def _workbook_file(file: BinaryIO, schema: pa.Schema, title: str) -> Iterator[WriteRows]:
    flat = _flat_schema(schema)
    with workbook(file, flat, title) as write_rows:
        yield lambda batch: write_rows(_flat(batch, flat))


def _harmless(batch: pa.RecordBatch) -> pa.RecordBatch:
    frame = pl.DataFrame(batch).with_columns(harmless_text(pl.col(pl.String)))
    columns = [
        frame[field.name].to_arrow().cast(pa.string()) if pa.types.is_string(field.type) else column
        for field, column in zip(batch.schema, batch.columns, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, schema=batch.schema)


def _flat_schema(schema: pa.Schema) -> pa.Schema:
    return pa.schema([field.with_type(pa.string()) if pa.types.is_list(field.type) else field for field in schema])


def _flat(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """The batch with its lists as JSON's text: cells hold one value."""
    columns = [_json_texts(column) if pa.types.is_list(column.type) else column for column in batch.columns]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _json_texts(lists: pa.Array[Any]) -> pa.Array[Any]:
    texts = [None if values is None else json.dumps(values, ensure_ascii=False) for values in lists.to_pylist()]
    return pa.array(texts, pa.string())
