"""Keys of one stream that a batch says something about, sent to the warehouse once something there has to know them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.compute
import sqlalchemy as sa
from psycopg import sql

from models.binary_copy import copy_binary
from models.copying import table_name
from models.landing_statements import listed, only_row, run
from models.records import Stream

# Typed as anything: the published types know no aggregates of strings.
_compute: Any = pyarrow.compute

_SORTS_BY_BYTES = "perennial sorts by bytes"

ReadKeys = Callable[[], Iterable[pa.RecordBatch]]


class BatchKeys:
    """Keys of a stream, for the length of a transaction. They are read when they are needed, and not held.

    Args:
        connection: The connection of the landing's transaction.
        stream: The keys' stream.
        raw: Its raw table.
        use: A word for what they are there for, one for each such object of a stream in a transaction.
    """

    def __init__(self, connection: sa.Connection, stream: Stream, raw: sa.Table, use: str) -> None:
        self.names = stream.key
        self._connection = connection
        self._raw = raw
        self._name = f"{use}_{stream.name}"
        self._added: list[tuple[ReadKeys, bool]] = []
        self._sent = 0
        self._span: tuple[str, str] | None = None
        self._is_spanned = 0

    def add(self, read: ReadKeys, *, is_whole: bool) -> None:
        """Add keys.

        Args:
            read: Reads them, in batches of the key columns; each time it is called.
            is_whole: Whether all parts of these records came along.
        """
        self._added.append((read, is_whole))

    def add_frame(self, keys: pl.DataFrame, *, is_whole: bool) -> None:
        """Add the keys of a frame that has no more than the key columns."""
        if not keys.is_empty():
            columns = [column.to_arrow().cast(pa.string()) for column in keys]
            batch = pa.RecordBatch.from_arrays(columns, names=keys.columns)
            self.add(lambda: [batch], is_whole=is_whole)

    def table(self) -> str:
        """The name of a temporary table of the keys, with `is_whole`; it is dropped when the transaction ends."""
        self._made  # noqa: B018 (makes the table once)
        for read, is_whole in self._added[self._sent :]:
            copy_binary(self._connection, self._name, self.names, read(), constants={"is_whole": is_whole})
        self._sent = len(self._added)
        return self._name

    def span(self) -> tuple[str, str] | None:
        """The first and the last value of the first key column, in the order of the warehouse; None without keys."""
        if self._is_spanned < len(self._added):
            if sorts_by_bytes(self._connection):
                self._widen()
            else:
                touched, key = sql.Identifier(self.table()), sql.Identifier(self.names[0])
                first, last = only_row(run(self._connection, "landing_span", touched=touched, key=key))
                self._span = None if first is None else (first, last)
            self._is_spanned = len(self._added)
        return self._span

    def _widen(self) -> None:
        for read, _ in self._added[self._is_spanned :]:
            for keys in read():
                ends = _compute.min_max(keys.column(0))
                if ends["min"].is_valid:
                    first, last = str(ends["min"]), str(ends["max"])
                    known = self._span or (first, last)
                    self._span = min(first, known[0]), max(last, known[1])

    @cached_property
    def _made(self) -> bool:
        touched = sql.Identifier(self._name)
        run(self._connection, "landing_touched", raw=table_name(self._raw), touched=touched, keys=listed(self.names))
        return True


def sorts_by_bytes(connection: sa.Connection) -> bool:
    """Whether the warehouse orders texts by their bytes, as the embedded server does; asked once per connection."""
    if _SORTS_BY_BYTES not in connection.info:
        (connection.info[_SORTS_BY_BYTES],) = only_row(run(connection, "landing_sorts_by_bytes"))
    return bool(connection.info[_SORTS_BY_BYTES])
