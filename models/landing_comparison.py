"""How the rows that a batch brings compare with those that the warehouse has, worked out inside the database.

Only keys, hashes and times are sent for it. What is found are places: of rows in the batch, and of row versions in the
raw table, by which both are then written. Decides nothing.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
import pyarrow as pa
import sqlalchemy as sa
from psycopg import sql

from models.archive import SNAPSHOT, ArchivedBatch
from models.binary_copy import copy_binary
from models.copying import driver_connection, table_name
from models.landing_rows import BatchRows, Mask
from models.live_hashes import LiveHashes
from models.records import Stream
from models.statements import statement

# Looking one key up costs as much as reading this many rows in passing.
_ROWS_PER_LOOKUP = 8
# Rows near some keys are worth reading if they are no more than this many for each.
_ROWS_READ_PER_KEY = 3
# What fetched hashes may take of memory: 32 bytes each, here and in the server.
_MOST_HASHES = 4_000_000

_NO = sql.SQL("false")
_YES = sql.SQL("true")
_IS_OLDER = sql.SQL("coalesce(not there.is_deleted and {} < there.source_updated_at, false)")
_IS_UNPROTECTED = sql.SQL("concat_ws('/', {}) <> all (%(protected)s)")
_BETWEEN = sql.SQL("{} between (select min({}) from {}) and (select max({}) from {})")
_OF_WHOLE_PARENT = sql.SQL("exists (select 1 from {} where {}.is_whole and {})")


@dataclass
class Found:
    """What a comparison came to.

    Attributes:
        new: Places in the batch of rows that the warehouse lacks.
        changed: Places of rows whose content changed, or that had been deleted and are back.
        echoes: Places of rows that are older than what the warehouse has.
        changed_live_count: How many of the changed were not deleted.
        gone_count: How many rows the warehouse has that the batch says are gone.
    """

    new: list[int]
    changed: list[int]
    echoes: list[int]
    changed_live_count: int
    gone_count: int


class Comparison:
    """One stream's rows of a batch beside the raw table's; its tables are dropped when the transaction ends.

    Args:
        connection: A connection in a transaction that `compare_by_hash` has set up.
        batch: The batch.
        stream: The stream.
        raw: Its raw table.
        rows: The batch's rows of it.
    """

    def __init__(
        self, connection: sa.Connection, batch: ArchivedBatch, stream: Stream, raw: sa.Table, rows: BatchRows
    ) -> None:
        self._connection = connection
        self._stream = stream
        self._rows = rows
        self._store = {"merchant_id": batch.merchant_id, "store_id": batch.store_id}
        self._protected = list(batch.protected_keys.get(stream.name, ()))
        # The parts of an echo are left out with it. A snapshot says what is, whatever times it carries.
        is_guarded = stream.parent is None and batch.mode != SNAPSHOT
        self._updated_at = stream.updated_at if is_guarded else None
        self._brought, self._found = f"brought_{stream.name}", f"found_{stream.name}"
        self._tables = {
            "raw": table_name(raw),
            "brought": sql.Identifier(self._brought),
            "found": sql.Identifier(self._found),
        }
        self._run("landing_tables", columns=listed(rows.compared_columns[:-2]))

    def compare_with_store(self) -> int | None:
        """Compare with all of the store's rows; what was not brought is gone.

        Returns:
            How many live rows the store has; None if they were not counted.
        """
        live = self._live_hashes(_YES)
        if len(live) > _MOST_HASHES:
            self._bring(None)
            self._find("landing_there_in_store", keys=listed(self._stream.key))
            return None
        self._find_others(live, self._bring(None, but=live), _YES)
        if live.unfound_count > self.found().changed_live_count:
            self._find_unfound(live, _YES, _YES)
        return len(live)

    def compare_with_keys(self, asked: str) -> None:
        """Compare with the rows that have the batch's keys.

        Args:
            asked: A table with those keys.
        """
        is_near = self._is_near(asked, self._stream.key[0], self._stream.key[0])
        if self._is_worth_reading(is_near, self._rows.count):
            live = self._live_hashes(is_near)
            self._find_others(live, self._bring(None, but=live), is_near)
        else:
            self._bring(None)
            self._find_looked_up(self._brought, self._stream.key, self._stream.key, _NO)

    def compare_with_parts(self, touched: str, names: Sequence[str], count: int, is_wanted: Mask | None) -> None:
        """Compare with the parts of some parents; where those came whole, parts that were not brought are gone.

        Args:
            touched: A table with the parents' keys, and `is_whole`.
            names: Its columns, in the order of the parts' `parent_key`.
            count: How many parents it has.
            is_wanted: For each row of the batch whether it counts; None if all do.
        """
        parent_key = self._stream.parent_key
        is_near = self._is_near(touched, names[0], parent_key[0])
        if self._is_worth_reading(is_near, count + self._rows.count):
            live = self._live_hashes(is_near)
            self._find_others(live, self._bring(is_wanted, but=live), is_near)
            if live.unfound_count > self.found().changed_live_count:
                parts = _same(zip(parent_key, names, strict=True), "held", touched)
                table = sql.Identifier(touched)
                self._find_unfound(live, is_near, _OF_WHOLE_PARENT.format(table, table, parts))
        else:
            self._bring(is_wanted)
            self._find_looked_up(touched, parent_key, names, sql.Identifier(touched, "is_whole"))

    def forget_echoes(self, touched: str) -> None:
        """Take the late echoes that were found out of a table of keys."""
        same = same_key(self._stream.key, touched, self._brought)
        self._run("landing_forget_echoes", touched=sql.Identifier(touched), same_key=same)

    def found(self) -> Found:
        """What was found so far."""
        row = self._run("landing_found").fetchone()
        assert row is not None  # noqa: S101 (narrows the type: an aggregate has one row)
        new, changed, echoes, changed_live_count, gone_count = row
        return Found(new or [], changed or [], echoes or [], changed_live_count, gone_count)

    def remove_changed(self) -> None:
        """Make room for new versions of the changed rows."""
        with by_address(self._connection):
            self._run("landing_remove_changed")

    def mark_gone(self, dated: Mapping[str, Any]) -> int:
        """Mark the rows that are gone; how many they were."""
        with by_address(self._connection):
            return self._run("landing_mark_gone", dated).rowcount

    def _bring(self, is_wanted: Mask | None, *, but: LiveHashes | None = None) -> int:
        """Send what rows of the batch are compared by, but those whose content needs no comparing; how many."""
        rows = self._rows.compared(is_wanted)
        if but is not None:
            rows = (some.filter(pa.array(~but.find(some.column("content_hash")))) for some in rows)
        return copy_binary(self._connection, self._brought, self._rows.compared_columns, rows)

    def _is_near(self, asked: str, asked_key: str, key: str) -> sql.Composed:
        """Keys of one batch often lie together: between the first and the last of them is then little else."""
        first, table = sql.Identifier(asked_key), sql.Identifier(asked)
        return _BETWEEN.format(sql.Identifier(key), first, table, first, table)

    def _is_worth_reading(self, is_near: sql.Composed, count: int) -> bool:
        most = min(count * _ROWS_READ_PER_KEY, _MOST_HASHES)
        near = counted(self._run("landing_count_near", {**self._store, "most": most + 1}, is_near=is_near))
        return near <= most

    def _live_hashes(self, is_near: sql.Composable) -> LiveHashes:
        return LiveHashes(self._run("landing_live_hashes", {**self._store, "most": _MOST_HASHES + 1}, is_near=is_near))

    def _find_others(self, live: LiveHashes, brought: int, is_near: sql.Composable) -> None:
        """Find what has become of the rows whose content is new."""
        if brought * _ROWS_PER_LOOKUP < len(live):
            self._find_looked_up(self._brought, self._stream.key, self._stream.key, _NO)
        elif brought:
            self._find("landing_there_near", held_keys=listed(self._stream.key, "held"), is_near=is_near)

    def _find_looked_up(
        self, asking: str, key: Sequence[str], names: Sequence[str], came_whole: sql.Composable
    ) -> None:
        self._find(
            "landing_there_looked_up",
            asking=sql.Identifier(asking),
            held_keys=listed(self._stream.key, "held"),
            same_key=_same(zip(key, names, strict=True), "held", asking),
            came_whole=came_whole,
        )

    def _find_unfound(self, live: LiveHashes, is_near: sql.Composable, is_said_gone: sql.Composable) -> None:
        """Find the live rows whose content is not in the batch, and that were not brought either: they are gone."""
        unfound = f"unfound_{self._stream.name}"
        self._run("landing_unfound", unfound=sql.Identifier(unfound))
        hashes = pa.RecordBatch.from_arrays([live.unfound()], names=["content_hash"])
        copy_binary(self._connection, unfound, ["content_hash"], [hashes])
        self._run(
            "landing_find_unfound",
            {**self._store, "protected": self._protected},
            unfound=sql.Identifier(unfound),
            same_key=same_key(self._stream.key, "held", self._brought),
            is_near=is_near,
            is_said_gone=is_said_gone,
            is_unprotected=self._is_unprotected("held"),
        )

    def _find(self, there: str, **parts: sql.Composable) -> None:
        older: sql.Composable = _NO
        if self._updated_at is not None:
            older = _IS_OLDER.format(sql.Identifier("brought", self._updated_at))
        self._run(
            "landing_find",
            {**self._store, "protected": self._protected},
            there=statement(there).format(**self._tables, **parts),
            same_key=same_key(self._stream.key, "brought", "there"),
            older=older,
            is_unprotected=self._is_unprotected("there"),
        )

    def _is_unprotected(self, table: str) -> sql.Composable:
        if not self._protected:
            return _YES
        return _IS_UNPROTECTED.format(listed(self._stream.key, table))

    def _run(
        self, name: str, values: Mapping[str, Any] | None = None, **parts: sql.Composable
    ) -> psycopg.Cursor[tuple[Any, ...]]:
        return run(self._connection, name, values, **self._tables, **parts)


def run(
    connection: sa.Connection, name: str, values: Mapping[str, Any] | None = None, **parts: sql.Composable
) -> psycopg.Cursor[tuple[Any, ...]]:
    """Execute a statement of this package, in the connection's transaction.

    Args:
        connection: The connection.
        name: The statement's name.
        values: The parameters, if it has any.
        **parts: What stands for its named parts.
    """
    # Never prepared: the plan would be that of a temporary table of another size.
    return driver_connection(connection).execute(statement(name).format(**parts), values, prepare=False)


def counted(cursor: psycopg.Cursor[tuple[Any, ...]]) -> int:
    """The number that a statement's one row consists of."""
    row = cursor.fetchone()
    return 0 if row is None else int(row[0])


def compare_by_hash(connection: sa.Connection) -> None:
    """Set the rest of a transaction up for comparisons of many rows."""
    driver_connection(connection).execute(statement("landing_by_hash"))


@contextmanager
def by_address(connection: sa.Connection) -> Iterator[None]:
    """Have rows found one by one, by address or key."""
    driver_connection(connection).execute(statement("landing_by_address"))
    yield
    compare_by_hash(connection)


def listed(names: Sequence[str], table: str | None = None) -> sql.Composed:
    """Columns for a statement, of a table if it has to be named."""
    prefix = [] if table is None else [table]
    return sql.SQL(", ").join(sql.Identifier(*prefix, name) for name in names)


def same_key(names: Sequence[str], one: str, other: str) -> sql.Composed:
    """That the columns of a key are equal in two tables."""
    return _same(zip(names, names, strict=True), one, other)


def _same(names: Iterable[tuple[str, str]], one: str, other: str) -> sql.Composed:
    return sql.SQL(" and ").join(
        sql.SQL("{} = {}").format(sql.Identifier(one, name), sql.Identifier(other, its)) for name, its in names
    )
