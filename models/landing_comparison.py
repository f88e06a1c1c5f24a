"""How the rows that a batch brings compare with those that the warehouse has, worked out inside the database.

Only keys, hashes and times are sent for it. What is found are places of rows in the batch, by which these are then
written. Old versions of changed rows are removed in passing, and what is gone is marked: by their addresses, which are
good within one statement only. The transaction's end decides whether that stays.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import psycopg
import pyarrow as pa
import sqlalchemy as sa
from psycopg import sql

from models.archive import SNAPSHOT, ArchivedBatch
from models.binary_copy import copy_binary
from models.copying import table_name
from models.landing_keys import BatchKeys
from models.landing_rows import BatchRows, Mask
from models.landing_statements import listed, only_row, run, same
from models.live_hashes import LiveHashes
from models.records import Stream
from models.schema import postgres_type
from models.statements import statement

# Looking one key up costs as much as reading this many rows in passing.
_ROWS_PER_LOOKUP = 8
# Rows near some keys are worth reading if they are no more than this many for each.
_ROWS_READ_PER_KEY = 3
# What fetched hashes may take of memory: 32 bytes each, here and in the server.
_MOST_HASHES = 4_000_000

# Streams with fewer key columns leave the others null, so that most streams share one table.
_MOST_KEY_COLUMNS = 3
_TEXT = "TEXT"

_NO = sql.SQL("false")
_YES = sql.SQL("true")
_IS_OLDER = sql.SQL("coalesce(not there.is_deleted and {} < there.source_updated_at, false)")
_IS_UNPROTECTED = sql.SQL("concat_ws('/', {}) <> all (%(protected)s)")
_BETWEEN = sql.SQL("{} between %(first_key)s and %(last_key)s")
_OF_WHOLE_PARENT = sql.SQL("exists (select 1 from {} where {}.is_whole and {})")


@dataclass
class Found:
    """What a comparison came to.

    Attributes:
        new: Places in the batch of rows that the warehouse lacks.
        changed: Places of rows whose content changed, or that had been deleted and are back.
        echoes: Places of rows that are older than what the warehouse has.
        changed_live_count: How many of the changed were not deleted.
        gone_count: How many rows the warehouse had that the batch says are gone; they are marked now.
    """

    new: list[int] = field(default_factory=list)
    changed: list[int] = field(default_factory=list)
    echoes: list[int] = field(default_factory=list)
    changed_live_count: int = 0
    gone_count: int = 0


class BroughtTables:
    """Tables of what rows are compared by, of one stream of a batch after the other; they end with the transaction.

    Streams whose keys are of the same types share a table: making one costs more than emptying it.

    Args:
        connection: A connection in a transaction.
    """

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._made: set[str] = set()

    def name(self, stream: Stream) -> str:
        """The name of the table for a stream's rows, there or not yet."""
        return "landing_brought" if {*_key_types(stream)} == {_TEXT} else f"landing_brought_{stream.name}"

    def empty(self, stream: Stream) -> None:
        """Have the stream's table there, and nothing in it."""
        name = self.name(stream)
        if name in self._made:
            run(self._connection, "landing_brought_emptied", brought=sql.Identifier(name))
            return
        keys = sql.SQL(", ").join(
            sql.SQL("cast(null as {}) as {}").format(sql.SQL(key_type), sql.Identifier(column))
            for column, key_type in zip(_key_columns(_MOST_KEY_COLUMNS), _key_types(stream), strict=True)
        )
        run(self._connection, "landing_brought", brought=sql.Identifier(name), keys=keys)
        self._made.add(name)


def _key_types(stream: Stream) -> list[str]:
    """The types of the key columns: a number compared as text would find no row, or no operator."""
    types = {column.name: str(postgres_type(column.type)) for column in stream.columns}
    own = [types[name] for name in stream.key]
    return [*own, *[_TEXT] * (_MOST_KEY_COLUMNS - len(own))]


def _key_columns(count: int) -> list[str]:
    return [f"key_{place}" for place in range(1, count + 1)]


class Comparison:
    """One stream's rows of a batch beside the raw table's.

    Attributes:
        found: What was found so far.

    Args:
        connection: A connection in a transaction that `compare_by_hash` has set up.
        brought: The tables to compare in.
        batch: The batch.
        stream: The stream.
        raw: Its raw table.
        rows: The batch's rows of it.
        dated: The `loaded_at` and `batch_id` of rows that change.
    """

    def __init__(
        self,
        connection: sa.Connection,
        brought: BroughtTables,
        batch: ArchivedBatch,
        stream: Stream,
        raw: sa.Table,
        rows: BatchRows,
        dated: Mapping[str, Any],
    ) -> None:
        self.found = Found()
        self._connection = connection
        self._brought = brought
        self._is_emptied = False
        self._stream = stream
        self._rows = rows
        self._protected = list(batch.protected_keys.get(stream.name, ()))
        self._values: dict[str, Any] = {
            "merchant_id": batch.merchant_id,
            "store_id": batch.store_id,
            "protected": self._protected,
            **dated,
        }
        # The parts of an echo are left out with it. A snapshot says what is, whatever times it carries.
        is_guarded = stream.parent is None and batch.mode != SNAPSHOT
        self._is_guarded = is_guarded and stream.updated_at is not None
        self._key_columns = _key_columns(len(stream.key))
        changed_at = [] if stream.updated_at is None else ["changed_at"]
        self._brought_columns = [*self._key_columns, *changed_at, "row_number", "content_hash"]
        self._brought_name = brought.name(stream)
        self._tables = {"raw": table_name(raw), "brought": sql.Identifier(self._brought_name)}

    def compare_with_store(self) -> int | None:
        """Compare with all of the store's rows; what was not brought is gone.

        Returns:
            How many live rows the store has; None if they were not counted.
        """
        live = self._live_hashes(_YES, _MOST_HASHES)
        if live is None:
            self._bring(None)
            self._find("landing_there_in_store", keys=listed(self._stream.key))
            return None
        self._find_others(live, self._bring(None, but=live), _YES)
        if live.unfound_count > self.found.changed_live_count:
            self._mark_unfound(live, _YES, _YES)
        return len(live)

    def compare_with_keys(self, asked: BatchKeys) -> None:
        """Compare with the rows that have the batch's keys.

        Args:
            asked: Those keys.
        """
        is_near = self._is_near(asked, self._stream.key[0])
        live = self._live_hashes_worth_reading(is_near, self._rows.count)
        if live is not None:
            self._find_others(live, self._bring(None, but=live), is_near)
        else:
            self._bring(None)
            self._find_looked_up(self._brought_name, self._stream.key, self._key_columns, _NO)

    def compare_with_parts(self, touched: BatchKeys, count: int, is_wanted: Mask | None) -> None:
        """Compare with the parts of some parents; where those came whole, parts that were not brought are gone.

        Args:
            touched: The parents' keys.
            count: How many parents that are.
            is_wanted: For each row of the batch whether it counts; None if all do.
        """
        parent_key = self._stream.parent_key
        is_near = self._is_near(touched, parent_key[0])
        live = self._live_hashes_worth_reading(is_near, count + self._rows.count)
        if live is not None:
            self._find_others(live, self._bring(is_wanted, but=live), is_near)
            if live.unfound_count > self.found.changed_live_count:
                table = touched.table()
                parts = same(zip(parent_key, touched.names, strict=True), "held", table)
                whole = _OF_WHOLE_PARENT.format(sql.Identifier(table), sql.Identifier(table), parts)
                self._mark_unfound(live, is_near, whole)
        else:
            self._bring(is_wanted)
            table = touched.table()
            self._find_looked_up(table, parent_key, touched.names, sql.Identifier(table, "is_whole"))

    def _bring(self, is_wanted: Mask | None, *, but: LiveHashes | None = None) -> int:
        """Send what rows of the batch are compared by, but those whose content needs no comparing; how many."""
        rows = self._rows.compared(is_wanted)
        if but is not None:
            rows = (some.filter(pa.array(~but.find(some.column("content_hash")))) for some in rows)
        some = next((some for some in rows if some.num_rows), None)
        if some is None:
            return 0
        self._have_brought()
        return copy_binary(self._connection, self._brought_name, self._brought_columns, chain([some], rows))

    def _have_brought(self) -> None:
        if not self._is_emptied:
            self._is_emptied = True
            self._brought.empty(self._stream)

    def _is_near(self, asked: BatchKeys, key: str) -> sql.Composed:
        """Keys of one batch often lie together: between the first and the last of them is then little else."""
        self._values["first_key"], self._values["last_key"] = asked.span() or (None, None)
        return _BETWEEN.format(sql.Identifier(key))

    def _live_hashes_worth_reading(self, is_near: sql.Composed, count: int) -> LiveHashes | None:
        return self._live_hashes(is_near, min(count * _ROWS_READ_PER_KEY, _MOST_HASHES))

    def _live_hashes(self, is_near: sql.Composable, most: int) -> LiveHashes | None:
        """The hashes of the live rows there; None if there are more rows than that, deleted ones included."""
        pieces = self._run("landing_live_hashes", {"most": most + 1}, is_near=is_near).fetchall()
        if sum(row_count for _, row_count in pieces) > most:
            return None
        return LiveHashes(gathered for gathered, _ in pieces if gathered is not None)

    def _find_others(self, live: LiveHashes, brought: int, is_near: sql.Composable) -> None:
        """Find what has become of the rows whose content is new."""
        if not brought:
            return
        if brought * _ROWS_PER_LOOKUP < len(live):
            self._find_looked_up(self._brought_name, self._stream.key, self._key_columns, _NO)
        else:
            self._find("landing_there_near", held_keys=listed(self._stream.key, "held"), is_near=is_near)

    def _find_looked_up(
        self, asking: str, key: Sequence[str], names: Sequence[str], came_whole: sql.Composable
    ) -> None:
        self._find(
            "landing_there_looked_up",
            asking=sql.Identifier(asking),
            keys=listed(self._stream.key),
            held_keys=listed(self._stream.key, "held"),
            same_key=same(zip(key, names, strict=True), "held", asking),
            came_whole=came_whole,
        )

    def _mark_unfound(self, live: LiveHashes, is_near: sql.Composable, is_said_gone: sql.Composable) -> None:
        """Mark the live rows whose content is not in the batch, and that were not brought either."""
        self._have_brought()
        unfound = f"unfound_{self._stream.name}"
        self._run("landing_unfound", unfound=sql.Identifier(unfound))
        hashes = pa.RecordBatch.from_arrays([live.unfound()], names=["content_hash"])
        copy_binary(self._connection, unfound, ["content_hash"], [hashes])
        self.found.gone_count = self._run(
            "landing_mark_unfound",
            unfound=sql.Identifier(unfound),
            same_key=same(zip(self._stream.key, self._key_columns, strict=True), "held", self._brought_name),
            is_near=is_near,
            is_said_gone=is_said_gone,
            is_unprotected=self._is_unprotected("held"),
        ).rowcount

    def _find(self, there: str, **parts: sql.Composable) -> None:
        self._have_brought()
        older: sql.Composable = _NO
        if self._is_guarded:
            older = _IS_OLDER.format(sql.Identifier("brought", "changed_at"))
        cursor = self._run(
            "landing_find",
            there=statement(there).format(**self._tables, **parts),
            same_key=same(zip(self._key_columns, self._stream.key, strict=True), "brought", "there"),
            older=older,
            is_unprotected=self._is_unprotected("there"),
        )
        new, changed, echoes, changed_live_count, gone_count = only_row(cursor)
        self.found = Found(new or [], changed or [], echoes or [], changed_live_count, gone_count)

    def _is_unprotected(self, table: str) -> sql.Composable:
        if not self._protected:
            return _YES
        return _IS_UNPROTECTED.format(listed(self._stream.key, table))

    def _run(
        self, name: str, values: Mapping[str, Any] | None = None, **parts: sql.Composable
    ) -> psycopg.Cursor[tuple[Any, ...]]:
        return run(self._connection, name, {**self._values, **(values or {})}, **self._tables, **parts)
