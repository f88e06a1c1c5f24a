"""Rejected records in the books: entered with their reason, corrected by their owner, resolved when they read well."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from hashlib import sha256
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from models import ops
from models.archive import SNAPSHOT, ArchivedBatch
from models.errors import MisconfiguredError
from models.records import Correction, RejectedRecord

_ROWS_PER_INSERT = 2_000


def save_rejects(
    connection: sa.Connection,
    *,
    batch: ArchivedBatch,
    rejected: Iterable[RejectedRecord],
    seen_at: datetime,
    tells_keys: bool = False,
) -> int:
    """Enter the records that a batch set aside, and resolve those that it no longer does.

    A record met again keeps its row, with when it was first seen. One not met again is resolved if the batch would have
    met it: a snapshot meets everything, a delta only what its owner has corrected.

    Args:
        connection: A connection in a transaction.
        batch: The batch that met them, complete.
        rejected: All of its rejected records, in the order they were read.
        seen_at: The run's time.
        tells_keys: Whether records that read well are resolved by their key instead, with `resolve`; a correction says
            nothing about those of a platform, which may not have been asked for them again.

    Returns:
        How many were entered.
    """
    table = ops.rejected_records
    insert = postgresql.insert(table)
    last_met = ("origin", "line", "field", "reason", "record_key", "batch_id", "last_seen_at")
    upsert = insert.on_conflict_do_update(
        index_elements=["reject_id"],
        set_={**{name: insert.excluded[name] for name in last_met}, "resolved_at": None},
    )
    rows = _rows(batch, rejected, seen_at)
    count = 0
    while some := list(islice(rows, _ROWS_PER_INSERT)):
        connection.execute(upsert, some)
        count += len(some)
    was_open = sa.and_(
        table.c.merchant_id == batch.merchant_id,
        table.c.store_id == batch.store_id,
        table.c.source == batch.source,
        table.c.batch_id != batch.batch_id,
        table.c.resolved_at.is_(None),
    )
    if batch.mode != SNAPSHOT:
        was_open &= table.c.corrected_at <= seen_at
    if tells_keys:
        was_open &= table.c.record_key.is_(None)
    connection.execute(table.update().where(was_open).values(resolved_at=seen_at))
    return count


def corrections(connection: sa.Connection, merchant_id: str, store_id: str, source: str) -> list[Correction]:
    """What the owner of a store wants read in the place of records that were rejected, oldest first.

    Resolved ones are among them: the export still holds the faulty text, and reads well only because of them.
    """
    table = ops.rejected_records
    rows = connection.execute(
        sa.select(table.c.stream, table.c.raw_text, table.c.corrected_text, table.c.corrected_at)
        .where(
            table.c.merchant_id == merchant_id,
            table.c.store_id == store_id,
            table.c.source == source,
            table.c.corrected_text.is_not(None),
        )
        .order_by(table.c.corrected_at, table.c.reject_id)
    )
    return [Correction(row.stream, row.raw_text, row.corrected_text, row.corrected_at) for row in rows]


def save_correction(connection: sa.Connection, reject_id: str, corrected_text: str, *, corrected_at: datetime) -> None:
    """Enter what to read in a rejected record's place from the next read on.

    Raises:
        MisconfiguredError: No rejected record has that id.
    """
    table = ops.rejected_records
    update = table.update().where(table.c.reject_id == reject_id)
    done = connection.execute(update.values(corrected_text=corrected_text, corrected_at=corrected_at))
    if done.rowcount == 0:
        raise MisconfiguredError("reject_id", f"no rejected record has the id {reject_id!r}; see ops.rejected_records")


def open_keys(connection: sa.Connection, merchant_id: str, store_id: str, source: str) -> dict[str, set[str]]:
    """Per stream, the natural keys of a store's open rejected records whose key could be read, joined with `/`."""
    table = ops.rejected_records
    rows = connection.execute(
        sa.select(table.c.stream, table.c.record_key).where(
            table.c.merchant_id == merchant_id,
            table.c.store_id == store_id,
            table.c.source == source,
            table.c.resolved_at.is_(None),
            table.c.record_key.is_not(None),
        )
    )
    keys: dict[str, set[str]] = {}
    for stream, key in rows:
        keys.setdefault(stream, set()).add(key)
    return keys


def resolve(
    connection: sa.Connection,
    merchant_id: str,
    store_id: str,
    source: str,
    stream: str,
    keys: Iterable[str],
    *,
    resolved_at: datetime,
) -> None:
    """Resolve the rejected records of these keys, because the platform has good ones in their place, or none."""
    table = ops.rejected_records
    connection.execute(
        table.update()
        .where(
            table.c.merchant_id == merchant_id,
            table.c.store_id == store_id,
            table.c.source == source,
            table.c.stream == stream,
            table.c.resolved_at.is_(None),
            table.c.record_key == sa.any_(sa.literal(list(keys), sa.ARRAY(sa.Text))),
        )
        .values(resolved_at=resolved_at)
    )


def _rows(batch: ArchivedBatch, rejected: Iterable[RejectedRecord], seen_at: datetime) -> Iterator[dict[str, Any]]:
    occurrences: Counter[bytes] = Counter()
    for record in rejected:
        named = [batch.merchant_id, batch.store_id, batch.source, record.stream, record.raw_text]
        content = json.dumps(named, ensure_ascii=False).encode("utf-8", "surrogatepass")
        # The same text may stand in an export more than once, and each stands for a record of its own.
        text_hash = sha256(content).digest()
        occurrences[text_hash] += 1
        yield {
            "reject_id": sha256(text_hash + str(occurrences[text_hash]).encode()).hexdigest()[:32],
            "merchant_id": batch.merchant_id,
            "store_id": batch.store_id,
            "source": batch.source,
            "stream": record.stream,
            "origin": record.origin,
            "line": record.line,
            "field": record.field,
            "reason": _storable(record.reason),
            "raw_text": _storable(record.raw_text),
            "record_key": None if record.key is None else _storable(record.key),
            "batch_id": batch.batch_id,
            "first_seen_at": seen_at,
            "last_seen_at": seen_at,
        }


def _storable(text: str) -> str:
    # A text column holds neither NUL nor half of a surrogate pair, and a rejected record may consist of either.
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def rejected_counts(connection: sa.Connection, batch_id: str) -> dict[str, int]:
    """How many records of each stream a batch set aside."""
    table = ops.rejected_records
    rows = connection.execute(
        sa.select(table.c.stream, sa.func.count()).where(table.c.batch_id == batch_id).group_by(table.c.stream)
    )
    return dict(rows.tuples().all())
