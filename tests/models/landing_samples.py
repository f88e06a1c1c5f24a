"""Batches for the tests of archive, landing and rebuilding, made of a few words each."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from models.archive import ArchivedBatch, BatchWriter, batch_id
from models.bookkeeping import read_cursor, register_batch
from models.landing import Landing, land_batch
from models.raw import RAW_TABLES, SOURCE_STREAMS
from models.records import Deletions, Page, RejectedRecord, Stream

START = datetime(2020, 1, 1, 12, tzinfo=UTC)
STREAMS = {stream.name: stream for stream in SOURCE_STREAMS["files"]}
ORDERS = RAW_TABLES["files", "orders"]


def order(order_id: str, **values: Any) -> dict[str, Any]:
    return {
        "order_id": order_id,
        "customer_id": "c",
        "ordered_at": START,
        "amount": Decimal("1.0000"),
        "currency_code": "USD",
        "is_generated_id": False,
        "source_file": "orders.csv",
        "source_line": 1,
        **values,
    }


def records(stream: Stream, rows: Sequence[Mapping[str, Any]]) -> pa.RecordBatch:
    columns = [pa.array([row.get(column.name) for row in rows], column.type) for column in stream.columns]
    return pa.RecordBatch.from_arrays(columns, schema=stream.schema)


def page(rows: Sequence[Mapping[str, Any]], stream: str = "orders", rejected: Sequence[RejectedRecord] = ()) -> Page:
    return Page(stream, records(STREAMS[stream], rows), rejected)


def deletions(stream: Stream, *keys: tuple[str, ...]) -> Deletions:
    columns = [pa.array([key[place] for key in keys], pa.string()) for place in range(len(stream.key))]
    return Deletions(stream.name, pa.RecordBatch.from_arrays(columns, names=list(stream.key)))


def rejected_order(key: str | None, raw_text: str = "raw", line: int = 1) -> RejectedRecord:
    return RejectedRecord("orders", "orders.csv", line, "amount", "not an amount", raw_text, key)


def archive_batch(
    root: Path,
    pages: Iterable[Page | Deletions],
    *,
    fingerprint: str,
    source: str = "files",
    mode: str = "snapshot",
    merchant_id: str = "m",
    store_id: str = "s",
    follows: str | None = None,
    archived_at: datetime = START,
) -> ArchivedBatch:
    batch = ArchivedBatch(
        root=root,
        batch_id=batch_id(source, merchant_id, store_id, fingerprint, follows=follows),
        source=source,
        merchant_id=merchant_id,
        store_id=store_id,
        mode=mode,
        fingerprint=fingerprint,
        day=archived_at.date(),
        cursor={"read": fingerprint},
        archived_at=archived_at,
    )
    with BatchWriter(batch, SOURCE_STREAMS[source]) as writer:
        for one in pages:
            writer.write(one)
        return writer.finish()


def archive_and_land(
    engine: sa.Engine,
    root: Path,
    pages: Iterable[Page | Deletions],
    *,
    fingerprint: str,
    source: str = "files",
    mode: str = "snapshot",
    merchant_id: str = "m",
    store_id: str = "s",
    hours: int = 0,
    max_shrink_rate: float = 1.0,
) -> Landing:
    at = START + timedelta(hours=hours)
    with engine.begin() as connection:
        cursor = read_cursor(connection, merchant_id, store_id, source)
        batch = archive_batch(
            root,
            pages,
            fingerprint=fingerprint,
            source=source,
            mode=mode,
            merchant_id=merchant_id,
            store_id=store_id,
            follows=None if cursor is None else cursor.batch_id,
            archived_at=at,
        )
        register_batch(connection, batch)
    with engine.connect() as connection:
        return land_batch(connection, batch=batch, loaded_at=at, max_shrink_rate=max_shrink_rate)


def rows_of(engine: sa.Engine, table: sa.Table = ORDERS) -> list[dict[str, Any]]:
    with engine.connect() as connection:
        found = connection.execute(sa.select(table).order_by(*table.primary_key))
        return [dict(row) for row in found.mappings()]


def contents_of(engine: sa.Engine, table: sa.Table = ORDERS) -> list[tuple[Any, ...]]:
    """Every column of every row, in the key's order."""
    return [tuple(row.values()) for row in rows_of(engine, table)]
