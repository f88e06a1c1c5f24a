"""Rows of Parquet files, a few thousand at a time from within each row group.

Typed values become the texts that they would be in a text file, so that one parser judges all formats: numbers in
digits, dates and times in ISO 8601. A row's raw text, for a file that has none, is a JSON object of the columns that
are read.
"""

from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from connectors.sources.files import json_lines
from connectors.sources.files.content import check_unchanged
from connectors.sources.files.layout import missing_column
from connectors.sources.files.locations import FoundFile
from connectors.sources.files.rows import RowBlock, RowTexts
from models.errors import MisconfiguredError, StopError

_BATCH_ROWS = 25_000
# Every whole number below is exact in a binary fraction of 64 bits.
_EXACT_FLOAT = 2.0**53


class ParquetTable:
    """An open Parquet file.

    Args:
        found: The file.
        wanted: The file's column by our field; dots lead into structs.
        decimal_separator: How the settings say that texts write fractions; numbers are brought to the same form.
        key: The key of `perennial.yml` under which the settings stand.

    Raises:
        MisconfiguredError: A column is missing or holds no single values.
        StopError: The file is not Parquet, or broken off.
    """

    def __init__(self, found: FoundFile, wanted: dict[str, str], *, decimal_separator: str, key: str) -> None:
        self._found = found
        self._decimal_separator = decimal_separator
        self.position = 0
        try:
            self._file = pq.ParquetFile(found.path, pre_buffer=False)
        except (pa.ArrowInvalid, OSError) as error:
            raise _damaged(found, error) from error
        try:
            self._types = _column_types(self._file.schema_arrow, wanted, label=found.label, key=key)
        except MisconfiguredError:
            self.close()
            raise
        self._columns = list(self._types)
        self._iso_columns = frozenset(name for name, kind in self._types.items() if pa.types.is_temporal(kind))
        self._decoder = json_lines.JsonDecoder(self._columns, decimal_separator=decimal_separator)

    def blocks(self) -> Iterator[RowBlock]:
        """The rows, once."""
        row, total = 0, self._file.metadata.num_rows
        try:
            for batch in self._file.iter_batches(_BATCH_ROWS, columns=self._columns, use_threads=False):
                yield self._block(batch, row)
                row += len(batch)
                self.position = self._found.size * row // max(total, 1)
        except (pa.ArrowInvalid, OSError) as error:
            raise _damaged(self._found, error) from error
        self.position = self._found.size
        check_unchanged(self._found)

    def read_one(self, text: str) -> RowTexts:
        """The values of one record that was written by hand."""
        return json_lines.read_one(text, self._decoder, self._columns)

    def close(self) -> None:
        """Release the file."""
        self._file.close()

    def _block(self, batch: pa.RecordBatch, row: int) -> RowBlock:
        texts = {column: self._texts(_column(batch, column)).alias(column) for column in self._columns}

        def raw_text(position: int) -> str:
            return msgspec.json.encode({name: own[position] for name, own in texts.items()}).decode()

        lines = np.arange(row + 1, row + len(batch) + 1, dtype=np.int64)
        return RowBlock(texts, lines, raw_text, iso_columns=self._iso_columns)

    def _texts(self, values: "pa.Array[Any]") -> pl.Series:
        kind = values.type
        if pa.types.is_dictionary(kind):
            kind = kind.value_type
            values = values.cast(kind)
        if pa.types.is_timestamp(kind):
            instants = pl.Series(values.cast(pa.timestamp("us", tz=kind.tz), safe=False))
            if kind.tz is None:
                return instants.dt.strftime("%Y-%m-%dT%H:%M:%S%.6f")
            return instants.dt.convert_time_zone("UTC").dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")
        series = pl.Series(values)
        if pa.types.is_boolean(kind):
            return pl.Series(pc.cast(values, pa.large_string()))
        if pa.types.is_floating(kind):
            return self._float_texts(series.cast(pl.Float64) if pa.types.is_float16(kind) else series)
        texts = series.cast(pl.String)
        if pa.types.is_decimal(kind) and self._decimal_separator != ".":
            return texts.str.replace(".", self._decimal_separator, literal=True)
        return texts

    def _float_texts(self, values: pl.Series) -> pl.Series:
        """The shortest digits that mean the same number; whole numbers without a fraction, NaN as nothing."""
        values = values.fill_nan(None)
        is_whole = ((values.abs() < _EXACT_FLOAT) & (values.floor() == values)).fill_null(False)
        fractions = values.set(is_whole, None).cast(pl.String)
        has_exponent = fractions.str.contains("[eE]").fill_null(False)
        if has_exponent.any():
            places = has_exponent.arg_true()
            plain = [json_lines.plain_number(text) for text in fractions.gather(places).to_list()]
            fractions = fractions.scatter(places, plain)
        fractions = fractions.str.replace(".", self._decimal_separator, literal=True)
        return values.set(~is_whole, None).cast(pl.Int64).cast(pl.String).zip_with(is_whole, fractions)


def _damaged(found: FoundFile, error: Exception) -> StopError:
    return StopError(
        f"{found.label}: is no complete Parquet file ({error}); nothing of this store was landed. Export it again."
    )


def _column_types(schema: pa.Schema, wanted: dict[str, str], *, label: str, key: str) -> dict[str, pa.DataType]:
    """The type of each wanted column.

    Raises:
        MisconfiguredError: One is missing, or holds no single values.
    """
    types = {}
    for field, column in wanted.items():
        own_key, kind = f"{key}.columns.{field}", _type_of(schema, column)
        if kind is None:
            raise MisconfiguredError(own_key, missing_column(column, _names(schema), label))
        if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
            raise MisconfiguredError(own_key, f"{label}: {column} holds {kind}, not one value per row")
        types[column] = kind
    return types


def _type_of(schema: pa.Schema, column: str) -> pa.DataType | None:
    fields: dict[str, pa.DataType] = {field.name: field.type for field in schema}
    if column in fields:
        return fields[column]
    *outer, last = column.split(".")
    for part in outer:
        kind = fields.get(part)
        if not isinstance(kind, pa.StructType):
            return None
        fields = {field.name: field.type for field in kind.fields}
    return fields.get(last)


def _column(batch: pa.RecordBatch, column: str) -> "pa.Array[Any]":
    if column in batch.schema.names:
        return batch.column(column)
    first, *others = column.split(".")
    values = batch.column(first)
    for part in others:
        values = pc.struct_field(values, part)
    return values


def _names(schema: pa.Schema) -> list[str]:
    """The columns, those within structs with dots."""

    def names(field: "pa.Field[Any]", prefix: str) -> Iterator[str]:
        if isinstance(field.type, pa.StructType):
            for inner in field.type.fields:
                yield from names(inner, f"{prefix}{field.name}.")
        else:
            yield f"{prefix}{field.name}"

    return [name for field in schema for name in names(field, "")]
