"""Rebuilding: makes a raw table anew from the archive, without asking any source.

The result equals what landing left behind, row for row and in every column (`archive_versions` works it out). Only
differences cause a write.
"""

from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from psycopg.types.json import Jsonb
from sqlalchemy.dialects import postgresql

from models import ops
from models.archive import ArchivedBatch, batches
from models.archive_versions import landed_rows
from models.bookkeeping import complete_manifests
from models.copying import copy_batches, driver_connection
from models.errors import StopError
from models.landing import lock_source
from models.raw import RAW_TABLES, SOURCE_STREAMS
from models.statements import statement


@dataclass(frozen=True)
class RebuildResult:
    """How a raw table compares with the archive.

    Attributes:
        rows: Rows that the archive gives.
        missing: Rows that the table lacked.
        unexpected: Rows that the table had and the archive does not.
        different: Rows with the same key and another value in any column.
        is_replaced: Whether the table was replaced.
    """

    rows: int
    missing: int
    unexpected: int
    different: int
    is_replaced: bool = False

    @property
    def is_equal(self) -> bool:
        """Whether table and archive agreed, row for row."""
        return self.missing == self.unexpected == self.different == 0


def rebuild_raw(
    connection: sa.Connection, archive_root: Path, source: str, stream: str, *, is_verify_only: bool = False
) -> RebuildResult:
    """Replace a raw table by what the archive says, or only compare the two. Landings of the source wait meanwhile.

    Args:
        connection: The owner's connection with no transaction open; this function begins and commits its own.
        archive_root: The archive's folder.
        source: The source's system name.
        stream: The stream's name.
        is_verify_only: Compare, and change nothing.

    Returns:
        What was found; an equal table is left alone.

    Raises:
        KeyError: There is no such stream.
        StopError: The archive lacks a store that the table has, so replacing would lose it.
    """
    raw = RAW_TABLES[source, stream]
    contract = next(s for s in SOURCE_STREAMS[source] if s.name == stream)
    with connection.begin():
        lock_source(connection, source)
        completed = complete_manifests(connection, list(batches(archive_root, source)))
        landed = [batch for batch in completed if batch.landed_at is not None]
        _refuse_foreign_archive(connection, raw, archive_root, landed)
        if not is_verify_only:
            _restore_books(connection, landed)
        stage = sa.Table(
            f"rebuilt_{stream}",
            sa.MetaData(),
            *(sa.Column(c.name, c.type, primary_key=c.primary_key) for c in raw.columns),
            prefixes=["temporary"],
            postgresql_on_commit="drop",
        )
        connection.execute(sa.schema.CreateTable(stage))
        names = [column.name for column in raw.columns]
        rows = sum(
            copy_batches(connection, stage, names, landed_rows(list(of_store), source, contract))
            for _, of_store in groupby(sorted(landed, key=_store_and_number), key=_store)
        )
        result = _compare(connection, raw, stage, rows)
        if result.is_equal or is_verify_only:
            return result
        connection.execute(raw.delete())
        connection.execute(raw.insert().from_select(names, sa.select(*(stage.c[name] for name in names))))
    return RebuildResult(result.rows, result.missing, result.unexpected, result.different, is_replaced=True)


def _compare(connection: sa.Connection, raw: sa.Table, stage: sa.Table, rows: int) -> RebuildResult:
    key = [column.name for column in raw.primary_key]
    same_key = sa.and_(*(raw.c[name] == stage.c[name] for name in key))
    both = stage.join(raw, same_key, full=True)
    differs = sa.or_(*(raw.c[c.name].is_distinct_from(stage.c[c.name]) for c in raw.columns if c.name not in key))
    is_missing, is_unexpected = raw.c[key[0]].is_(None), stage.c[key[0]].is_(None)
    counts = sa.select(
        sa.func.count().filter(is_missing),
        sa.func.count().filter(is_unexpected),
        sa.func.count().filter(~is_missing & ~is_unexpected & differs),
    ).select_from(both)
    missing, unexpected, different = connection.execute(counts).one()
    return RebuildResult(rows, missing, unexpected, different)


def _refuse_foreign_archive(
    connection: sa.Connection, raw: sa.Table, archive_root: Path, landed: list[ArchivedBatch]
) -> None:
    archived = {_store(batch) for batch in landed}
    found = connection.execute(sa.select(raw.c.merchant_id, raw.c.store_id).distinct())
    lost = sorted((row.merchant_id, row.store_id) for row in found if (row.merchant_id, row.store_id) not in archived)
    if lost:
        named = ", ".join(f"{merchant}/{store}" for merchant, store in lost[:5])
        raise StopError(
            f"{raw.fullname} has rows of {len(lost)} stores that the archive at {archive_root} knows nothing of "
            f"({named}); rebuilding would lose them. Is this the right archive?"
        )


def _restore_books(connection: sa.Connection, landed: list[ArchivedBatch]) -> None:
    """Enter landed batches that the books lack, with their cursors, as in a warehouse that begins anew."""
    table = ops.archive_batches
    known = dict(connection.execute(sa.select(table.c.batch_number, table.c.batch_id)).tuples().all())
    entered = set(known.values())
    missing = sorted((b for b in landed if b.batch_id not in entered), key=_store_and_number)
    driver = driver_connection(connection)
    for batch in missing:
        if batch.batch_number in known:
            raise StopError(
                f"batch {batch.batch_id} of the archive has number {batch.batch_number}, which this warehouse gave to "
                f"{known[batch.batch_number]}: archive and warehouse do not belong together"
            )
        values: dict[str, Any] = {
            name: getattr(batch, name)
            for name in (
                *("batch_id", "batch_number", "merchant_id", "store_id", "source", "mode", "fingerprint"),
                *("rejected_count", "archived_at", "landed_at"),
            )
        }
        values |= {"cursor": Jsonb(dict(batch.cursor)), "row_counts": Jsonb(dict(batch.row_counts))}
        driver.execute(statement("restore_batch"), values)
        insert = postgresql.insert(ops.cursors).values(
            merchant_id=batch.merchant_id,
            store_id=batch.store_id,
            source=batch.source,
            state=dict(batch.cursor),
            batch_id=batch.batch_id,
            updated_at=batch.landed_at,
        )
        newer = {name: insert.excluded[name] for name in ("state", "batch_id", "updated_at")}
        connection.execute(
            insert.on_conflict_do_update(
                index_elements=["merchant_id", "store_id", "source"],
                set_=newer,
                where=ops.cursors.c.updated_at < insert.excluded.updated_at,
            )
        )
    if missing:
        driver.execute(statement("advance_batch_numbers"))


def _store(batch: ArchivedBatch) -> tuple[str, str]:
    return batch.merchant_id, batch.store_id


def _store_and_number(batch: ArchivedBatch) -> tuple[str, str, int]:
    return *_store(batch), batch.batch_number or 0
