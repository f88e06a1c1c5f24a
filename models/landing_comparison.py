"""How the rows that a batch brings compare with those that the warehouse has, worked out inside the database.

Only keys, hashes and times are sent for it. What is found are places: of rows in the batch, and of row versions in the
raw table, by which both are then written. Decides nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.types import UserDefinedType

from models.archive import SNAPSHOT, ArchivedBatch
from models.binary_copy import copy_binary
from models.landing_rows import BatchRows, Mask
from models.live_hashes import LiveHashes
from models.records import Stream


class _RowAddress(UserDefinedType[str]):
    """Where a row version stands (`ctid`), good until the end of the transaction that looked."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        return "tid"


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
        connection: A connection in a transaction that `prepare` has set up.
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
        self._raw = raw
        self._rows = rows
        self._merchant_id, self._store_id = batch.merchant_id, batch.store_id
        self._of_store = (raw.c.merchant_id == batch.merchant_id) & (raw.c.store_id == batch.store_id)
        self._protected = list(batch.protected_keys.get(stream.name, ()))
        # The parts of an echo are left out with it. A snapshot says what is, whatever times it carries.
        is_guarded = stream.parent is None and batch.mode != SNAPSHOT
        self._updated_at = stream.updated_at if is_guarded else None
        names = [*stream.key, *([stream.updated_at] if stream.updated_at else [])]
        self._brought = temporary_table(
            connection,
            f"brought_{stream.name}",
            *(sa.Column(name, raw.c[name].type) for name in names),
            sa.Column("row_number", sa.BigInteger),
            sa.Column("content_hash", sa.Text),
        )
        # Rows that differ: of the batch, of the warehouse (then without a place in the batch), or of both.
        self._found = temporary_table(
            connection,
            f"found_{stream.name}",
            sa.Column("row_number", sa.BigInteger),
            sa.Column("address", _RowAddress),
            sa.Column("was_live", sa.Boolean),
            sa.Column("is_echo", sa.Boolean),
        )

    def bring(self, is_wanted: Mask | None, *, but: LiveHashes | None = None) -> int:
        """Send what rows of the batch are compared by.

        Args:
            is_wanted: For each row whether to send it; None for all.
            but: Contents that need no comparing.

        Returns:
            How many rows were sent.
        """
        rows = self._rows.compared(is_wanted)
        if but is not None:
            rows = (some.filter(pa.array(~but.find(some.column("content_hash")))) for some in rows)
        return copy_binary(self._connection, self._brought, [c.name for c in self._brought.columns], rows)

    def find_in_store(self, *, is_whole: bool) -> None:
        """Compare with all of the store's rows, reading them in passing.

        Args:
            is_whole: Whether rows of the store that were not brought are gone.
        """
        query = sa.select(*self._columns_of(self._raw), sa.literal(is_whole).label("is_whole")).where(self._of_store)
        self._find(query.subquery("there"))

    def find_by_key(self) -> None:
        """Compare with the store's rows of the keys that were brought, looking each up."""
        self._find(self._looked_up(self._brought, self._stream.key))

    def find_of_parents(self, touched: sa.Table, *, in_passing: bool) -> None:
        """Compare with the parts of some parents; where those came whole, parts that were not brought are gone.

        Args:
            touched: The parents' keys, and `is_whole`.
            in_passing: Whether to read all of the store's rows for it, or to look each parent up.
        """
        if in_passing:
            pairs = zip(self._stream.parent_key, touched.columns, strict=False)
            same = [self._raw.c[name] == column for name, column in pairs]
            query = sa.select(*self._columns_of(self._raw), touched.c.is_whole).where(self._of_store, *same)
            self._find(query.subquery("there"))
        else:
            self._find(self._looked_up(touched, self._stream.parent_key))

    def find_unfound(self, live: LiveHashes) -> None:
        """Find the live rows whose content is not in the batch, and that were not brought either: they are gone."""
        hashes = live.unfound()
        unfound = temporary_table(self._connection, f"unfound_{self._stream.name}", sa.Column("content_hash", sa.Text))
        copy_binary(
            self._connection, unfound, ["content_hash"], [pa.RecordBatch.from_arrays([hashes], names=["content_hash"])]
        )
        same = sa.and_(*(self._raw.c[name] == self._brought.c[name] for name in self._stream.key))
        rows = sa.select(_address(self._raw), sa.true()).where(
            self._of_store,
            ~self._raw.c.is_deleted,
            self._raw.c.content_hash.in_(sa.select(unfound.c.content_hash)),
            ~sa.exists(sa.select(sa.literal(1)).where(same)),
            self._is_unprotected(self._raw),
        )
        self._connection.execute(self._found.insert().from_select(["address", "was_live"], rows))

    def found(self) -> Found:
        """What was found so far."""
        c = self._found.c
        is_brought, is_known = c.row_number.is_not(None), c.address.is_not(None)
        is_changed = is_brought & is_known & ~c.is_echo
        places = sa.func.array_agg(c.row_number, type_=sa.ARRAY(sa.BigInteger))
        counted = sa.func.count()
        new, changed, echoes, changed_live_count, gone_count = self._connection.execute(
            sa.select(
                places.filter(~is_known),
                places.filter(is_changed),
                places.filter(c.is_echo),
                counted.filter(is_changed & c.was_live),
                counted.filter(~is_brought),
            )
        ).one()
        return Found(new or [], changed or [], echoes or [], changed_live_count, gone_count)

    def remove_changed(self) -> None:
        """Make room for new versions; the transaction brings them, so nobody ever sees a row missing."""
        is_changed = self._found.c.row_number.is_not(None) & ~self._found.c.is_echo
        with looking_up(self._connection):
            self._connection.execute(self._raw.delete().where(self._is_found(), is_changed))

    def mark_gone(self, values: dict[str, Any]) -> int:
        """Set columns of the rows that are gone; how many they were."""
        is_gone = self._is_found() & self._found.c.row_number.is_(None)
        with looking_up(self._connection):
            return self._connection.execute(self._raw.update().where(is_gone).values(values)).rowcount

    def _is_found(self) -> sa.ColumnElement[bool]:
        return _address(self._raw) == self._found.c.address

    def _columns_of(self, table: sa.FromClause) -> list[sa.ColumnElement[Any]]:
        names = [*self._stream.key, "content_hash", "source_updated_at", "is_deleted"]
        return [*(table.c[name] for name in names), _address(table).label("address")]

    def _looked_up(self, asking: sa.Table, names: tuple[str, ...]) -> sa.Subquery:
        """Rows by the first columns of their key. The offset keeps the planner from making a join of all rows of it."""
        row = self._raw.alias("stored")
        same = [row.c[name] == column for name, column in zip(names, asking.columns, strict=False)]
        of_store = [row.c.merchant_id == self._merchant_id, row.c.store_id == self._store_id]
        one = sa.select(*self._columns_of(row)).where(*of_store, *same).offset(0).lateral("one")
        is_whole = asking.c.is_whole if "is_whole" in asking.c else sa.false().label("is_whole")
        return sa.select(*one.c, is_whole).select_from(asking.join(one, sa.true())).subquery("there")

    def _find(self, there: sa.Subquery) -> None:
        brought = self._brought
        same = sa.and_(*(brought.c[name] == there.c[name] for name in self._stream.key))
        is_absent = there.c.is_whole & ~there.c.is_deleted & self._is_unprotected(there)
        is_other = brought.c.content_hash.is_distinct_from(there.c.content_hash) | there.c.is_deleted
        was_live = sa.func.coalesce(~there.c.is_deleted, sa.false())
        is_echo: sa.ColumnElement[bool] = sa.false()
        if self._updated_at is not None:
            is_older = brought.c[self._updated_at] < there.c.source_updated_at
            is_echo = was_live & sa.func.coalesce(is_older, sa.false())
        rows = (
            sa.select(brought.c.row_number, there.c.address, was_live, is_echo)
            .select_from(brought.join(there, same, full=True))
            .where(sa.case((brought.c.row_number.is_(None), is_absent), else_=is_other))
        )
        self._connection.execute(self._found.insert().from_select([c.name for c in self._found.columns], rows))

    def _is_unprotected(self, table: sa.FromClause) -> sa.ColumnElement[bool]:
        if not self._protected:
            return sa.true()
        key = sa.func.concat_ws("/", *(table.c[name] for name in self._stream.key))
        return key != sa.all_(sa.literal(self._protected, sa.ARRAY(sa.Text)))


def temporary_table(connection: sa.Connection, name: str, *columns: sa.Column[Any]) -> sa.Table:
    """A table that is dropped when the transaction ends."""
    table = sa.Table(name, sa.MetaData(), *columns, prefixes=["temporary"], postgresql_on_commit="drop")
    table.create(connection)
    return table


def prepare(connection: sa.Connection) -> None:
    """Set a transaction up for comparisons of whole stores: hash joins, in memory of their own."""
    _set(connection, work_mem="128MB", jit="off", enable_nestloop="off", enable_bitmapscan="off")


@contextmanager
def looking_up(connection: sa.Connection) -> Iterator[None]:
    """Have rows found one by one, by address or key: statistics of tables that were filled a moment ago say nothing."""
    _set(connection, enable_nestloop="on", enable_hashjoin="off", enable_mergejoin="off")
    yield
    _set(connection, enable_nestloop="off", enable_hashjoin="on", enable_mergejoin="on")


def _set(connection: sa.Connection, **values: str) -> None:
    connection.execute(sa.select(*(sa.func.set_config(name, value, True) for name, value in values.items())))


def _address(table: sa.FromClause) -> sa.ColumnElement[str]:
    column: sa.ColumnClause[str] = sa.column("ctid", _RowAddress)  # of every table, so SQLAlchemy lists it for none
    column.table = table
    return column
