"""Bulk copies of a stream's records into a table, in PostgreSQL's binary format.

Half the work of copying text, on both sides, for numbers and times are neither written out nor parsed. The price is
that nothing is converted: a column's type must be the one that `schema.postgres_type` gives its Arrow type. `copying`
is for everything else.

Layout: https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format". Per row the number of fields, and per
field its length and the bytes of its type's send function, big end first; a length of -1 is null.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Context
from typing import Any

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.compute
import sqlalchemy as sa
from psycopg import sql

from models.copying import driver_connection, table_name, unholdable
from models.statements import statement

# Typed as anything: the published types know no mixture of arrays and scalars, and no buffers of NumPy's.
_compute: Any = pyarrow.compute
_buffer: Any = pa.py_buffer

_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_NOTHING = pa.scalar(b"", pa.binary())
_NULL = pa.scalar(b"\xff\xff\xff\xff", pa.binary())
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_EPOCH_DAYS = 10_957
_EPOCH_MICROSECONDS = _EPOCH_DAYS * 86_400_000_000
# A numeric's digits are of base 10,000.
_GROUP_DIGITS = 4
_GROUP = 10**_GROUP_DIGITS
_NEGATIVE = 0x4000

Bytes = np.ndarray[Any, np.dtype[np.uint8]]
Numbers = np.ndarray[Any, np.dtype[Any]]


def copy_binary(
    connection: sa.Connection,
    table: sa.Table | str,
    columns: Sequence[str],
    batches: Iterable[pa.RecordBatch],
    *,
    constants: Mapping[str, str | datetime | bool] | None = None,
) -> int:
    """Append record batches to a table.

    Args:
        connection: A connection in a transaction.
        table: The table, or the name of a temporary one.
        columns: The columns to fill, each from the batches' column of the same place.
        batches: The rows, with one column for each of `columns`.
        constants: Further columns that have the same value in every row.

    Returns:
        How many rows were copied.

    Raises:
        StopError: A value is one that PostgreSQL cannot hold.
    """
    fixed = dict(constants or {})
    query = statement("copy_binary").format(
        table=table_name(table),
        columns=sql.SQL(", ").join(sql.Identifier(name) for name in (*fixed, *columns)),
    )
    start = (len(fixed) + len(columns)).to_bytes(2, "big") + b"".join(_constant(value) for value in fixed.values())
    row_count = 0
    with driver_connection(connection).cursor() as cursor:
        try:
            with cursor.copy(query) as copy:
                copy.write(_HEADER)
                for batch in batches:
                    copy.write(encoded_rows(batch, start))
                    row_count += batch.num_rows
                copy.write(_TRAILER)
        except psycopg.errors.DataError as error:
            raise unholdable(table, error) from error
    return row_count


def encoded_rows(batch: pa.RecordBatch, start: bytes) -> memoryview:
    """The rows of a batch in COPY's binary format, without header and trailer.

    Args:
        batch: The rows.
        start: What every row begins with: the number of its fields, and those that the batch does not have.

    Raises:
        TypeError: A column's type is none of those that record contracts use.
    """
    if batch.num_rows == 0:
        return memoryview(b"")
    fields = [part for column in batch.columns for part in _fields(column)]
    if all(isinstance(part, pa.Scalar) for part in fields):
        return memoryview((start + _NULL.as_py() * batch.num_columns) * batch.num_rows)
    joined = _compute.binary_join_element_wise(pa.scalar(start, pa.binary()), *fields, _NOTHING)
    _, offsets, data = joined.buffers()
    limits = np.frombuffer(offsets, np.int32)
    return memoryview(data)[limits[joined.offset] : limits[joined.offset + len(joined)]]


def _constant(value: str | datetime | bool) -> bytes:
    if isinstance(value, bool):
        content = bytes([value])
    elif isinstance(value, datetime):
        content = ((value - _EPOCH) // timedelta(microseconds=1)).to_bytes(8, "big", signed=True)
    else:
        content = value.encode()
    return len(content).to_bytes(4, "big") + content


def _fields(column: pa.Array[Any]) -> list[Any]:
    """What stands in a row for each value: its length and its bytes, in one array or in two; one scalar for nulls."""
    kind = column.type
    if column.null_count == len(column):
        return [_NULL]  # a platform's fields that a shop never uses are a good part of all
    if pa.types.is_string(kind):
        content = column.view(pa.binary())
        lengths = _compute.binary_length(content)
        if column.null_count:
            lengths, content = _compute.fill_null(lengths, -1), _compute.fill_null(content, b"")
        cells = lengths.to_numpy(zero_copy_only=False).astype(">i4").view(np.uint8).reshape(-1, 4)
        return [_binary(cells), content]
    if pa.types.is_decimal128(kind):
        cells = _numerics(column)
    elif pa.types.is_float64(kind):
        cells = _cells(_filled(column, pa.float64()), ">f8")
    elif pa.types.is_timestamp(kind):
        cells = _cells(_filled(column, pa.int64()) - _EPOCH_MICROSECONDS, ">i8")
    elif pa.types.is_date32(kind):
        cells = _cells(_filled(column, pa.int32()) - _EPOCH_DAYS, ">i4")
    elif pa.types.is_boolean(kind):
        cells = _cells(_filled(column, pa.int8()), ">i1")
    elif pa.types.is_int64(kind):
        cells = _cells(_filled(column, pa.int64()), ">i8")
    else:
        raise TypeError(f"no binary format is known here for columns of type {kind}")
    return [_binary(cells, column)]


def _filled(column: pa.Array[Any], kind: pa.DataType) -> Numbers:
    cast = column.cast(kind)
    values: Numbers = (_compute.fill_null(cast, 0) if cast.null_count else cast).to_numpy(zero_copy_only=False)
    return values


def _cells(values: Numbers, kind: str) -> Bytes:
    width = np.dtype(kind).itemsize
    cells = np.empty((len(values), 4 + width), np.uint8)
    cells[:, :4] = np.frombuffer(width.to_bytes(4, "big"), np.uint8)
    cells[:, 4:] = values.astype(kind).view(np.uint8).reshape(-1, width)
    return cells


def _numerics(column: pa.Array[Any]) -> Bytes:
    precision, scale = column.type.precision, column.type.scale
    unscaled = _unscaled(column)
    whole, fraction = _divided(np.abs(unscaled), 10**scale)
    before, after = -(-(precision - scale) // _GROUP_DIGITS), -(-scale // _GROUP_DIGITS)
    fraction = fraction * 10 ** (after * _GROUP_DIGITS - scale)
    # The length, then: digit groups, weight of the first, sign, decimal places; leading zeros do no harm.
    words = np.empty((len(column), 6 + before + after), ">i2")
    words[:, :6] = 0, 2 * (4 + before + after), before + after, before - 1, 0, scale
    words[unscaled < 0, 4] = _NEGATIVE
    for place in range(5 + before, 5, -1):
        whole, words[:, place] = _divided(whole, _GROUP)
    for place in range(5 + before + after, 5 + before, -1):
        fraction, words[:, place] = _divided(fraction, _GROUP)
    return words.view(np.uint8)


def _unscaled(column: pa.Array[Any]) -> Numbers:
    """A decimal's values in units of its last place; under a null stands anything at all."""
    if column.type.precision > 18:
        # Exchange rates and the like, of which there are few: Python's integers, which have no end.
        scale, exact = column.type.scale, Context(prec=column.type.precision)
        return np.array([0 if v is None else int(v.scaleb(scale, exact)) for v in column.to_pylist()], object)
    # A decimal128 is a 16-byte integer, little end first; with at most 18 digits its lower half is the whole value.
    data: Any = column.buffers()[1]
    return np.frombuffer(data, dtype="<i8")[2 * column.offset : 2 * (column.offset + len(column)) : 2]


def _divided(values: Numbers, by: int) -> tuple[Numbers, Numbers]:
    return (values // by, values % by) if values.dtype == object else np.divmod(values, by)


def _binary(cells: Bytes, column: pa.Array[Any] | None = None) -> pa.Array[Any]:
    """An array of each row's bytes; where the column is null, of the length -1 alone."""
    count, width = cells.shape
    if column is None or column.null_count == 0:
        offsets = np.arange(0, (count + 1) * width, width, dtype=np.int32)
        return pa.Array.from_buffers(pa.binary(), count, [None, _buffer(offsets), _buffer(cells)])
    is_valid = column.is_valid().to_numpy(zero_copy_only=False)
    offsets = np.zeros(count + 1, np.int32)
    np.cumsum(np.where(is_valid, width, 4), out=offsets[1:])
    cells[~is_valid, :4] = 0xFF
    is_kept = np.broadcast_to(is_valid[:, None], cells.shape).copy()
    is_kept[:, :4] = True
    return pa.Array.from_buffers(pa.binary(), count, [None, _buffer(offsets), _buffer(cells[is_kept])])
