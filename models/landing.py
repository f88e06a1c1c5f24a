"""Landing: brings the raw tables to what an archived batch says, all of its streams and its cursor in one transaction.

Landing the same batch again changes nothing. A row is written only if its content changed. What is gone is marked as
deleted, never removed:

- what a snapshot lacks, unless it lacks so much that it looks truncated; then the batch is refused;
- what a platform confirmed to be gone, with its parts, unless that is too much to believe;
- parts that did not come along when their parent was read.

A record that is older than the live one is a late echo, and changes nothing, nor do the parts that came with it; of two
of one time the one read later is right. A deleted record that is read again is there again, whatever its time: it was
seen after it was found to be gone, and a wrong revival is found out by the next comparison of ids, while a wrong
refusal would be repeated by each. A snapshot says what is, whatever times it carries. A record that a batch also says
is gone was there when it was read.

Generic over `models.raw.RAW_TABLES`. The role `perennial_loader` is enough.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa
from psycopg import sql
from sqlalchemy.dialects import postgresql

from models import ops
from models.archive import ArchivedBatch
from models.copying import driver_connection, table_name
from models.errors import StopError
from models.landing_comparison import BroughtTables
from models.landing_parts import ParentRecords
from models.landing_statements import compare_by_hash
from models.landing_stream import StreamLanding
from models.raw import RAW_TABLES, SOURCE_STREAMS
from models.records import Stream
from models.statements import statement


@dataclass(frozen=True)
class LandingResult:
    """What landing did with one stream.

    Attributes:
        stream: The stream's name.
        rows_read: Rows in the batch.
        rows_inserted: Rows that were new.
        rows_updated: Rows whose content changed, or that had been deleted and are back.
        rows_unchanged: Rows that were as they were, late echoes and their parts among them.
        rows_deleted: Rows now marked as deleted.
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
        max_shrink_rate: The largest share of a stream's live rows that a snapshot may lack, or that a platform may say
            is gone.

    Returns:
        What was done, per stream.

    Raises:
        StopError: The batch must not land: its data contract failed, a natural key stands in it twice, parts of an
            unknown parent are in it, or more is gone than can be believed. Nothing is changed.
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
        compare_by_hash(connection)
        results = tuple(_land_streams(connection, batch, loaded_at, max_shrink_rate))
        changed = sum(result.rows_inserted + result.rows_updated + result.rows_deleted for result in results)
        _commit_cursor(connection, batch, loaded_at, changed)
    # Last, for it is the warehouse that decides; a crash before this line is made good by `complete_manifests`.
    landed = batch.landed(batch_number=number, landed_at=landed_at or loaded_at)
    return Landing(landed, results)


def _land_streams(
    connection: sa.Connection, batch: ArchivedBatch, loaded_at: datetime, max_shrink_rate: float
) -> Iterator[LandingResult]:
    streams = SOURCE_STREAMS[batch.source]
    parent_names = {stream.parent for stream in streams}
    parents: dict[str, ParentRecords] = {}
    known = _known_streams(connection, batch, streams)
    brought = BroughtTables(connection)
    for stream in streams:
        its_parents = parents[stream.parent] if stream.parent else None
        is_known = stream.name in known
        landing = StreamLanding(connection, brought, batch, stream, loaded_at, its_parents, is_known=is_known)
        inserted, updated, deleted = landing.land(max_shrink_rate)
        if stream.name in parent_names:
            parents[stream.name] = landing.as_parents()
        count = batch.row_counts.get(stream.name, 0)
        yield LandingResult(stream.name, count, inserted, updated, count - inserted - updated, deleted)


def _known_streams(connection: sa.Connection, batch: ArchivedBatch, streams: tuple[Stream, ...]) -> set[str]:
    """The streams that the warehouse has rows of for the store; asked at once, for most streams have none."""
    queries = [
        statement("landing_has_rows").format(
            name=sql.Literal(stream.name), raw=table_name(RAW_TABLES[batch.source, stream.name])
        )
        for stream in streams
    ]
    store = {"merchant_id": batch.merchant_id, "store_id": batch.store_id}
    found = driver_connection(connection).execute(sql.SQL(" union all ").join(queries), store, prepare=False)
    return {str(name) for (name,) in found}


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


def _commit_cursor(connection: sa.Connection, batch: ArchivedBatch, loaded_at: datetime, changed: int) -> None:
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
        .values(landed_at=loaded_at, rows_changed=changed)
    )
