"""Bulk copies from Arrow into a table, batch by batch, in memory that does not grow with the rows."""

from collections.abc import Iterable, Sequence
from typing import Any

import polars as pl
import psycopg
import pyarrow as pa
import sqlalchemy as sa
from psycopg import sql

from models.errors import StopError
from models.statements import statement


def driver_connection(connection: sa.Connection) -> psycopg.Connection[tuple[Any, ...]]:
    """The psycopg connection under a SQLAlchemy one, inside the same transaction."""
    driver: psycopg.Connection[tuple[Any, ...]] = connection.connection.driver_connection  # type: ignore[assignment] # SQLAlchemy types it for any driver
    return driver


def table_name(table: sa.Table | str) -> sql.Identifier:
    """A table's name for a statement; of a temporary table its name is enough."""
    if isinstance(table, str):
        return sql.Identifier(table)
    return sql.Identifier(*([table.schema] if table.schema else []), table.name)


def copy_batches(
    connection: sa.Connection, table: sa.Table, columns: Sequence[str], batches: Iterable[pa.RecordBatch | pa.Table]
) -> int:
    """Append record batches to a table with COPY.

    Args:
        connection: A connection in a transaction.
        table: The table; its column types decide how values are read.
        columns: The columns to fill, which every batch has.
        batches: The rows.

    Returns:
        How many rows were copied.

    Raises:
        StopError: A value is one that PostgreSQL cannot hold.
    """
    query = statement("copy_csv").format(
        table=table_name(table),
        columns=sql.SQL(", ").join(sql.Identifier(name) for name in columns),
    )
    row_count = 0
    with driver_connection(connection).cursor() as cursor:
        try:
            with cursor.copy(query) as copy:
                for batch in batches:
                    copy.write(_csv(batch, columns))
                    row_count += batch.num_rows
        except psycopg.errors.DataError as error:
            raise unholdable(table, error) from error
    return row_count


def unholdable(table: sa.Table | str, error: psycopg.errors.DataError) -> StopError:
    """What to raise for a value that PostgreSQL cannot hold."""
    where = (error.diag.context or "").split(":", 1)[0]
    name = table if isinstance(table, str) else table.fullname
    return StopError(
        f"{name}: the warehouse cannot hold a value ({error.diag.message_primary}; {where}); text must be free of NUL "
        "characters and numbers must fit their columns"
    )


def _csv(batch: pa.RecordBatch | pa.Table, columns: Sequence[str]) -> str:
    # Text is always quoted and null never is: that is how COPY tells an empty text from null.
    frame = pl.from_arrow(batch.select(list(columns)))
    assert isinstance(frame, pl.DataFrame)  # noqa: S101 (narrows the type: a batch never becomes a series)
    return frame.write_csv(include_header=False, quote_style="non_numeric", datetime_format="%Y-%m-%d %H:%M:%S%.6f+00")
