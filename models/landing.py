"""Landing: brings the raw tables to what an archived batch says, all of its streams and its cursor in one transaction.

Landing the same batch again changes nothing. A row is written only if its content changed; a snapshot marks what it
lacks as deleted, and is refused when it lacks so much that it looks truncated. The way is chosen by the batch: a first
load is inserted, a small delta is upserted, a full re-read is compared by hash first and only its changes are written.

Generic over `models.raw.RAW_TABLES`. The role `perennial_loader` is enough.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from models import ops
from models.archive import SNAPSHOT, ArchivedBatch
from models.copying import copy_batches
from models.errors import StopError
from models.raw import RAW_TABLES, SOURCE_STREAMS
from models.records import Stream

# Below this share of the store's rows, looking each one up by its key is cheaper than comparing hashes of all.
_SMALL_DELTA_RATE = 0.2


@dataclass(frozen=True)
class LandingResult:
    """What landing did with one stream.

    Attributes:
        stream: The stream's name.
        rows_read: Rows in the batch.
        rows_inserted: Rows that were new.
        rows_updated: Rows whose content changed, or that had been deleted and are back.
        rows_unchanged: Rows that were as they were.
        rows_deleted: Rows that the snapshot lacks, now marked as deleted.
    """

    stream: str
    rows_read: int
    rows_inserted: int = 0
    rows_updated: int = 0
    rows_unchanged: int = 0
    rows_deleted: int = 0


@dataclass(frozen=True)
class Landing:
    """What became of a batch.

    Attributes:
        batch: The batch with its number and the time it (first) landed.
        results: One per stream of the source.
        is_superseded: Whether a newer batch of the store landed before; then nothing was changed.
    """

    batch: ArchivedBatch
    results: tuple[LandingResult, ...]
    is_superseded: bool = False


def land_batch(
    connection: sa.Connection, *, batch: ArchivedBatch, loaded_at: datetime, max_shrink_rate: float
) -> Landing:
    """Land a batch that `bookkeeping.register_batch` has registered.

    Args:
        connection: A connection with no transaction open; this function begins and commits its own.
        batch: The batch.
        loaded_at: The run's time, in UTC, noted on every row that changes.
        max_shrink_rate: The largest share of a stream's live rows that a snapshot may delete.

    Returns:
        What was done, per stream.

    Raises:
        StopError: The batch must not land: its data contract failed, a natural key stands in it twice, or it looks
            truncated. Nothing is changed.
    """
    with connection.begin():
        connection.execute(sa.select(_lock("source", batch.source, is_shared=True)))
        connection.execute(sa.select(_lock("store", batch.source, batch.merchant_id, batch.store_id)))
        number, landed_at = _registered(connection, batch)
        if _newest_landed(connection, batch) > number:
            results = tuple(
                LandingResult(stream.name, count, rows_unchanged=count)
                for stream in SOURCE_STREAMS[batch.source]
                for count in [batch.row_counts.get(stream.name, 0)]
            )
            return Landing(replace(batch, batch_number=number, landed_at=landed_at), results, is_superseded=True)
        # Hash joins of whole stores want memory of their own, and their plans must not rest on the statistics of a
        # table that was filled a moment ago.
        for name, value in (("work_mem", "128MB"), ("jit", "off"), ("enable_nestloop", "off")):
            connection.execute(sa.select(sa.func.set_config(name, value, True)))
        results = tuple(
            _StreamLanding(connection, batch, stream, loaded_at).land(max_shrink_rate)
            for stream in SOURCE_STREAMS[batch.source]
        )
        _commit_cursor(connection, batch, loaded_at)
    # Last, for it is the warehouse that decides; a crash before this line is made good by `complete_manifests`.
    landed = batch.landed(batch_number=number, landed_at=landed_at or loaded_at)
    return Landing(landed, results)


class _StreamLanding:
    """The landing of one stream, inside the transaction of its batch."""

    def __init__(self, connection: sa.Connection, batch: ArchivedBatch, stream: Stream, loaded_at: datetime) -> None:
        self._connection = connection
        self._batch = batch
        self._stream = stream
        self._loaded_at = loaded_at
        self._raw = RAW_TABLES[batch.source, stream.name]
        self._stage = _stage_table(self._raw, stream)
        self._staged_rows = batch.row_counts.get(stream.name, 0)
        self._of_store = (self._raw.c.merchant_id == batch.merchant_id) & (self._raw.c.store_id == batch.store_id)

    def land(self, max_shrink_rate: float) -> LandingResult:
        """Stage, compare and write; see `land_batch`."""
        if self._staged_rows:
            self._fill_stage()
        is_snapshot = self._batch.mode == SNAPSHOT
        live, deleted_before = self._count() if is_snapshot else (0, 0)
        if is_snapshot and self._staged_rows < live * (1 - max_shrink_rate):
            self._refuse_truncated(self._count_absent(), live, max_shrink_rate)
        known = live + deleted_before if is_snapshot else self._count_up_to(int(self._staged_rows / _SMALL_DELTA_RATE))
        inserted, updated = self._write(known) if self._staged_rows else (0, 0)
        deleted = 0
        if is_snapshot:
            # Every staged row is live now. If that is all there is, nothing is absent, and the search is saved.
            live_now = self._count()[0] if deleted_before else live + inserted
            if live_now > self._staged_rows:
                self._refuse_truncated(self._count_absent(), live, max_shrink_rate)
                deleted = self._mark_absent()
        return LandingResult(
            stream=self._stream.name,
            rows_read=self._staged_rows,
            rows_inserted=inserted,
            rows_updated=updated,
            rows_unchanged=self._staged_rows - inserted - updated,
            rows_deleted=deleted,
        )

    def _fill_stage(self) -> None:
        self._connection.execute(sa.schema.CreateTable(self._stage))
        key_hashes: list[np.ndarray[Any, np.dtype[np.uint64]]] = []

        def watched() -> Iterator[pa.RecordBatch]:
            for records in self._batch.record_batches(self._stream.name):
                keys = pl.from_arrow(records.select(list(self._stream.key)))
                key_hashes.append(keys.hash_rows().to_numpy())  # type: ignore[union-attr] # a batch is never a series
                yield records

        copy_batches(self._connection, self._stage, [c.name for c in self._stage.columns], watched())
        # Eight bytes a row tell whether a key may stand here twice; only then is the database asked which.
        hashes = np.sort(np.concatenate(key_hashes))
        if bool((hashes[1:] == hashes[:-1]).any()):
            self._refuse_repeated_key()

    def _refuse_repeated_key(self) -> None:
        columns = self._stage.c
        keys = [columns[name] for name in self._stream.key]
        where = [columns.source_file, columns.source_line] if "source_line" in columns else [columns.row_number]
        repeated = (
            sa.select(*keys).group_by(*keys).having(sa.func.count() > 1).order_by(sa.func.min(columns.row_number))
        )
        example = self._connection.execute(repeated.limit(1)).one_or_none()
        if example is None:
            return  # two keys shared a hash
        is_example = sa.and_(*(column == value for column, value in zip(keys, example, strict=True)))
        places = self._connection.execute(
            sa.select(*where).where(is_example).order_by(columns.row_number).limit(2)
        ).all()
        named = " and ".join(" line ".join(str(part) for part in place) for place in places)
        key = ", ".join(f"{name} {value!r}" for name, value in zip(self._stream.key, example, strict=True))
        raise StopError(
            f"{self._where()}: {key} stands in this batch twice, at {named}; correct the input, or map "
            "a column that tells these records apart"
        )

    def _write(self, known: int) -> tuple[int, int]:
        """Bring the staged rows in.

        Args:
            known: Rows that the store has, deleted ones included; counted no further than the choice of the way needs.

        Returns:
            How many rows were inserted and how many updated.
        """
        raw, stage = self._raw, self._stage
        constants = {
            "merchant_id": self._batch.merchant_id,
            "store_id": self._batch.store_id,
            "batch_id": self._batch.batch_id,
            "loaded_at": self._loaded_at,
        }
        names = [*constants, *self._stream.column_names, "content_hash"]
        values = [sa.literal(value, raw.c[name].type) for name, value in constants.items()]
        rows = sa.select(*values, *(stage.c[name] for name in names[len(constants) :]))
        if known == 0:
            self._connection.execute(raw.insert().from_select(names, rows))
            return self._staged_rows, 0
        if self._staged_rows > known * _SMALL_DELTA_RATE:
            there = raw.alias("there")
            same_key = sa.and_(
                there.c.merchant_id == self._batch.merchant_id,
                there.c.store_id == self._batch.store_id,
                *(there.c[name] == stage.c[name] for name in self._stream.key),
            )
            is_change = there.c.content_hash.is_(None) | (there.c.content_hash != stage.c.content_hash)
            rows = rows.select_from(stage.outerjoin(there, same_key)).where(is_change | there.c.is_deleted)
        insert = postgresql.insert(raw).from_select(names, rows)
        key = [column.name for column in raw.primary_key]
        upsert = insert.on_conflict_do_update(
            index_elements=key,
            set_={**{n: insert.excluded[n] for n in names if n not in key}, "is_deleted": sa.false()},
            where=(raw.c.content_hash != insert.excluded.content_hash) | raw.c.is_deleted,
        )
        # A row version that replaced none has no xmax: that tells inserts from updates.
        is_new = sa.literal_column("xmax = 0", sa.Boolean)
        written = upsert.returning(is_new.label("is_new")).cte("written")
        counts = sa.select(sa.func.count().filter(written.c.is_new), sa.func.count().filter(~written.c.is_new))
        inserted, updated = self._connection.execute(counts).one()
        return inserted, updated

    def _count(self) -> tuple[int, int]:
        deleted = sa.func.count().filter(self._raw.c.is_deleted)
        live = sa.func.count().filter(~self._raw.c.is_deleted)
        found = self._connection.execute(sa.select(live, deleted).where(self._of_store)).one()
        return found[0], found[1]

    def _count_up_to(self, limit: int) -> int:
        some = sa.select(sa.literal(1)).select_from(self._raw).where(self._of_store).limit(limit).subquery()
        return self._connection.scalar(sa.select(sa.func.count()).select_from(some)) or 0

    def _is_absent(self) -> sa.ColumnElement[bool]:
        raw, stage = self._raw, self._stage
        conditions = [self._of_store, ~raw.c.is_deleted]
        protected = self._batch.protected_keys.get(self._stream.name, ())
        if protected:
            key = sa.func.concat_ws("/", *(raw.c[name] for name in self._stream.key))
            conditions.append(key != sa.all_(sa.literal(list(protected), sa.ARRAY(sa.Text))))
        if self._staged_rows:
            same_key = sa.and_(*(raw.c[name] == stage.c[name] for name in self._stream.key))
            conditions.append(~sa.exists(sa.select(sa.literal(1)).select_from(stage).where(same_key)))
        return sa.and_(*conditions)

    def _count_absent(self) -> int:
        return self._connection.scalar(sa.select(sa.func.count()).select_from(self._raw).where(self._is_absent())) or 0

    def _refuse_truncated(self, absent: int, live: int, max_shrink_rate: float) -> None:
        if absent > live * max_shrink_rate:
            raise StopError(
                f"{self._where()}: the snapshot lacks {absent} of {live} rows, more than max_shrink_rate "
                f"{max_shrink_rate:g} allows: it looks truncated. Nothing was changed. Provide the complete export; "
                "or, if the records are really gone, set max_shrink_rate higher for one run"
            )

    def _mark_absent(self) -> int:
        deleted = (
            self._raw.update()
            .where(self._is_absent())
            .values(is_deleted=True, loaded_at=self._loaded_at, batch_id=self._batch.batch_id)
        )
        return self._connection.execute(deleted).rowcount

    def _where(self) -> str:
        return f"merchant {self._batch.merchant_id!r}, store {self._batch.store_id!r}, {self._stream.name}"


def _stage_table(raw: sa.Table, stream: Stream) -> sa.Table:
    return sa.Table(
        f"landing_{stream.name}",
        sa.MetaData(),
        *(sa.Column(name, raw.c[name].type) for name in [*stream.column_names, "content_hash"]),
        sa.Column("row_number", sa.BigInteger),
        prefixes=["temporary"],
        postgresql_on_commit="drop",
    )


def _lock(*parts: str, is_shared: bool = False) -> sa.ColumnElement[None]:
    number = sa.func.hashtextextended(json.dumps(["perennial landing", *parts]), 0)
    return sa.func.pg_advisory_xact_lock_shared(number) if is_shared else sa.func.pg_advisory_xact_lock(number)


def lock_source(connection: sa.Connection, source: str) -> None:
    """Keep every landing of a source waiting until the connection's transaction ends."""
    connection.execute(sa.select(_lock("source", source)))


def _registered(connection: sa.Connection, batch: ArchivedBatch) -> tuple[int, datetime | None]:
    table = ops.archive_batches
    found = connection.execute(
        sa.select(table.c.batch_number, table.c.landed_at, table.c.contract_passed).where(
            table.c.batch_id == batch.batch_id
        )
    ).one_or_none()
    if found is None:
        raise LookupError(f"batch {batch.batch_id} is not registered; call bookkeeping.register_batch first")
    if found.contract_passed is False:
        raise StopError(
            f"merchant {batch.merchant_id!r}, store {batch.store_id!r}: batch {batch.batch_id} broke its data contract "
            "and does not land; ops.archive_batches.contract_report says what was found"
        )
    return found.batch_number, found.landed_at


def _newest_landed(connection: sa.Connection, batch: ArchivedBatch) -> int:
    table = ops.archive_batches
    is_of_store = sa.and_(
        table.c.merchant_id == batch.merchant_id,
        table.c.store_id == batch.store_id,
        table.c.source == batch.source,
        table.c.landed_at.is_not(None),
    )
    return connection.scalar(sa.select(sa.func.max(table.c.batch_number)).where(is_of_store)) or 0


def _commit_cursor(connection: sa.Connection, batch: ArchivedBatch, loaded_at: datetime) -> None:
    insert = postgresql.insert(ops.cursors).values(
        merchant_id=batch.merchant_id,
        store_id=batch.store_id,
        source=batch.source,
        state=batch.cursor,
        batch_id=batch.batch_id,
        updated_at=loaded_at,
    )
    connection.execute(
        insert.on_conflict_do_update(
            index_elements=["merchant_id", "store_id", "source"],
            set_={name: insert.excluded[name] for name in ("state", "batch_id", "updated_at")},
            where=ops.cursors.c.batch_id != insert.excluded.batch_id,
        )
    )
    table = ops.archive_batches
    connection.execute(
        table.update()
        .where(table.c.batch_id == batch.batch_id, table.c.landed_at.is_(None))
        .values(landed_at=loaded_at)
    )
