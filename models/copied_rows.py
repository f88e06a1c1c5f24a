"""The rows of a query as Arrow batches, through COPY: in memory that does not grow with the result.

The server writes CSV, which tells an empty text from null, and Arrow reads it by the columns' own types: a fifth of
the time that rows of Python objects take. Knows no table by name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.csv
import sqlalchemy as sa
from psycopg import sql

from models.copying import driver_connection
from models.errors import RetryLaterError, StopError
from models.reading import arrow_type
from models.statements import statement

BATCH_ROWS = 65_536

# Rows may be as wide as they like: a batch ends at this size too, and one row more.
_BATCH_BYTES = 32 * 2**20
# How values are written must not depend on how somebody set up the database.
_OUTPUT = {"DateStyle": "ISO, YMD", "extra_float_digits": "1"}

_PLACE = re.compile(r"In CSV column #(\d+): (.*)", re.DOTALL)

Batches = Generator[pa.RecordBatch, None, None]

_csv: Any = pyarrow.csv


class CopiedRows:
    """The result of a query, to be gone through once, batch by batch.

    Args:
        connection: A connection; the query runs in its transaction, and what it reads stays as it is until that ends.
        query: A select.
        batch_rows: How many rows a batch has at most.

    Raises:
        StopError: A column has a type that files of columns do not have.
    """

    def __init__(self, connection: sa.Connection, query: sa.Select[Any], *, batch_rows: int = BATCH_ROWS) -> None:
        self._connection = connection
        self._query = query.subquery("wanted")
        self._batch_rows = batch_rows
        self.schema = _schema(connection, query)
        """The columns, in the query's order."""

    def __iter__(self) -> Batches:
        """The rows; no batch at all where there are none.

        Raises:
            StopError: A value is one that Arrow cannot hold, such as a date of infinity.
            RetryLaterError: The server broke off on the way.
        """
        for setting, value in _OUTPUT.items():
            self._connection.execute(sa.select(sa.func.set_config(setting, value, True)))
        # An array in an array's notation would have to be parsed here; JSON need not.
        columns = [
            sa.func.array_to_json(column) if pa.types.is_list(field.type) else column
            for column, field in zip(self._query.c, self.schema, strict=True)
        ]
        compiled = sa.select(*columns).compile(
            dialect=self._connection.dialect, compile_kwargs={"render_postcompile": True}
        )
        copy_out = statement("copy_out").format(query=sql.SQL(str(compiled)))
        driver = driver_connection(self._connection)
        try:
            with driver.cursor() as cursor, cursor.copy(copy_out, compiled.params) as copy:
                waiting: list[Any] = []
                size = 0
                for row in copy:
                    waiting.append(row)
                    size += len(row)
                    if len(waiting) == self._batch_rows or size >= _BATCH_BYTES:
                        yield self._read(b"".join(waiting))
                        waiting, size = [], 0
                if waiting:
                    yield self._read(b"".join(waiting))
        except psycopg.OperationalError as error:
            self._connection.invalidate(error)
            what = type(error).__name__
            raise RetryLaterError(f"the warehouse broke off while rows were read ({what}); try again") from None

    def _read(self, text: bytes) -> pa.RecordBatch:
        written = {field.name: _written_type(field.type) for field in self.schema}
        try:
            table = _csv.read_csv(
                pa.py_buffer(text),
                # One block: the batch is as big as it is meant to be.
                _csv.ReadOptions(column_names=self.schema.names, block_size=len(text) + 1),
                # A row of one null is an empty line.
                _csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
                _csv.ConvertOptions(
                    column_types=written,
                    null_values=[""],
                    strings_can_be_null=True,
                    quoted_strings_can_be_null=False,
                    true_values=["t"],
                    false_values=["f"],
                ),
            )
        except pa.ArrowInvalid as error:
            raise StopError(_unreadable(str(error), self.schema)) from None
        (batch,) = table.combine_chunks().to_batches()
        columns = [
            _lists(column, field.type) if pa.types.is_list(field.type) else column
            for column, field in zip(batch.columns, self.schema, strict=True)
        ]
        return pa.RecordBatch.from_arrays(columns, schema=self.schema)


def read_ahead(batches: Batches) -> Batches:
    """The batches, of which the next one is read while one is worked on: one more than the one in hand is held.

    Args:
        batches: To be gone through by nobody else; closed with these.
    """
    with closing(batches), ThreadPoolExecutor(1, thread_name_prefix="read_ahead") as reader:
        coming = reader.submit(next, batches, None)
        while (batch := coming.result()) is not None:
            coming = reader.submit(next, batches, None)
            yield batch


def _schema(connection: sa.Connection, query: sa.Select[Any]) -> pa.Schema:
    with connection.execute(query.limit(0)) as result:
        description: list[psycopg.Column] = result.cursor.description  # type: ignore[assignment]  # psycopg's own
        try:
            return pa.schema([pa.field(column.name, arrow_type(column)) for column in description])
        except TypeError as error:
            raise StopError(f"{error}, or leave it out") from None


def _written_type(kind: pa.DataType) -> pa.DataType:
    return pa.string() if pa.types.is_list(kind) else kind


def _lists(texts: pa.Array[Any], kind: pa.DataType) -> pa.Array[Any]:
    return pa.array([None if text is None else json.loads(text) for text in texts.to_pylist()], kind)


def _unreadable(message: str, schema: pa.Schema) -> str:
    """What to say of a value that Arrow refused; it names columns by their place."""
    found = _PLACE.match(message)
    if found is None:
        return f"the rows cannot be read: {message}"
    name, reason = schema.names[int(found[1])], found[2]
    return f"column {name} holds a value that {schema.field(name).type} cannot ({reason}); correct it, or leave it out"
