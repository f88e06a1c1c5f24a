"""Reading query results into Arrow with the warehouse's own types, and writing frames back in bulk.

Rows come through a server-side cursor and are turned into columns piece by piece, so a large result costs its size in
Arrow and one piece. Knows no table by name.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import polars as pl
import psycopg
import pyarrow as pa
import sqlalchemy as sa

from models.copying import copy_batches

Decimals = Literal["decimal", "float"]
Row = Sequence[Any]

_PIECE_ROWS = 50_000

# PostgreSQL's type numbers (pg_type.oid); numeric is dealt with apart, for it has a precision.
_ARROW_TYPES: dict[int, pa.DataType] = {
    16: pa.bool_(),
    20: pa.int64(),
    21: pa.int16(),
    23: pa.int32(),
    25: pa.string(),
    1042: pa.string(),
    1043: pa.string(),
    19: pa.string(),
    700: pa.float32(),
    701: pa.float64(),
    1082: pa.date32(),
    1114: pa.timestamp("us"),
    1184: pa.timestamp("us", tz="UTC"),
    1009: pa.list_(pa.string()),
}
_NUMERIC = 1700
# What a numeric without a declared precision (a sum, say) is read as: wide enough for money summed over anything.
_UNDECLARED_NUMERIC = pa.decimal128(38, 10)


def read_batches(
    connection: sa.Connection,
    query: sa.Select[Any] | sa.TextClause,
    parameters: Mapping[str, Any] | None = None,
    *,
    decimals: Decimals = "decimal",
    batch_rows: int = _PIECE_ROWS,
) -> Iterator[pa.RecordBatch]:
    """The result of a query, piece by piece; at least one piece, which is empty when the result is.

    Args:
        connection: A connection; the query runs in its transaction.
        query: A select, or the text of a `.sql` file with `:name` parameters (`sqlalchemy.text`).
        parameters: The parameters' values.
        decimals: Whether numeric columns come as decimals of their declared precision, or as floats.
        batch_rows: Rows per piece.

    Raises:
        TypeError: A column has a type that has no Arrow counterpart here; cast it in the query.
    """
    options = {"stream_results": True, "max_row_buffer": batch_rows, "yield_per": batch_rows}
    with connection.execute(query, parameters, execution_options=options) as result:
        description: Any = result.cursor.description  # of psycopg, which tells a numeric's precision
        schema = pa.schema([pa.field(column.name, arrow_type(column, decimals)) for column in description])
        is_empty = True
        for rows in result.partitions(batch_rows):
            is_empty = False
            yield _record_batch([tuple(row) for row in rows], schema)
        if is_empty:
            yield _record_batch([], schema)


def read_table(
    connection: sa.Connection,
    query: sa.Select[Any] | sa.TextClause,
    parameters: Mapping[str, Any] | None = None,
    *,
    decimals: Decimals = "decimal",
) -> pa.Table:
    """The whole result of a query as an Arrow table; see `read_batches`."""
    return pa.Table.from_batches(list(read_batches(connection, query, parameters, decimals=decimals)))


def read_frame(
    connection: sa.Connection,
    query: sa.Select[Any] | sa.TextClause,
    parameters: Mapping[str, Any] | None = None,
    *,
    decimals: Decimals = "decimal",
) -> pl.DataFrame:
    """The whole result of a query as a Polars frame; see `read_batches`."""
    frame = pl.from_arrow(read_table(connection, query, parameters, decimals=decimals))
    assert isinstance(frame, pl.DataFrame)  # noqa: S101 (narrows the type: a table never becomes a series)
    return frame


def write_frame(connection: sa.Connection, table: sa.Table, rows: pa.Table | pa.RecordBatch) -> int:
    """Append rows to a table with COPY.

    Args:
        connection: A connection in a transaction.
        table: The table.
        rows: The rows; the columns that they have are the columns that are filled. Lists are not supported.

    Returns:
        How many rows were written.

    Raises:
        KeyError: The table has no such column.
        StopError: A value is one that PostgreSQL cannot hold.
    """
    names = rows.schema.names
    unknown = [name for name in names if name not in table.c]
    if unknown:
        raise KeyError(f"{table.fullname} has no column {', '.join(unknown)}")
    return copy_batches(
        connection, table, names, (rows.slice(i, _PIECE_ROWS) for i in range(0, len(rows), _PIECE_ROWS))
    )


def replace_merchant_rows(
    connection: sa.Connection, table: sa.Table, merchant_id: str, rows: pa.Table | pa.RecordBatch, **also: str
) -> int:
    """Put rows in the place of all that a table has of a merchant, within the caller's transaction.

    Args:
        connection: A connection in a transaction.
        table: A table with a `merchant_id`.
        merchant_id: The tenant; every row must be theirs.
        rows: The rows, `merchant_id` among their columns.
        **also: Narrows what is replaced, such as `model_run_id="…"`; every row must have these values too.

    Returns:
        How many rows were written.

    Raises:
        ValueError: A row belongs to somebody else.
    """
    scope = {"merchant_id": merchant_id, **also}
    for name, value in scope.items():
        values = rows.column(name).unique().to_pylist()
        if values not in ([value], []):
            raise ValueError(f"rows for {table.fullname} of {name} {value!r} hold others' values: {values[:3]}")
    connection.execute(table.delete().where(*(table.c[name] == value for name, value in scope.items())))
    return write_frame(connection, table, rows)


def arrow_type(column: psycopg.Column, decimals: Decimals = "decimal") -> pa.DataType:
    """What a column of a result is in Arrow.

    Raises:
        TypeError: It has a type that has no Arrow counterpart here.
    """
    if column.type_code == _NUMERIC:
        if decimals == "float":
            return pa.float64()
        if column.precision is None:
            return _UNDECLARED_NUMERIC
        return pa.decimal128(column.precision, column.scale or 0)
    try:
        return _ARROW_TYPES[column.type_code]
    except KeyError:
        raise TypeError(
            f"column {column.name!r} has a type (oid {column.type_code}) that has no Arrow counterpart here; cast it"
        ) from None


def _record_batch(rows: Sequence[Row], schema: pa.Schema) -> pa.RecordBatch:
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(schema)
    arrays = []
    for values, field in zip(columns, schema, strict=True):
        if pa.types.is_float64(field.type):
            arrays.append(pa.array([None if v is None else float(v) for v in values], field.type))
        else:
            arrays.append(pa.array(values, field.type))
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
