"""CPU time of landing, against a plain upsert of the same rows: an export of orders, and a platform's readings.

Usage: python benchmarks/landing.py [--orders 300000] [--platform-orders 60000] [--reading-rows 30000]

The peer is one `insert ... on conflict do update` of every staged row, without comparing content: what a loader does
that keeps no hashes; it knows nothing of parts that are gone. It works on a store of its own, in the same state. CPU
seconds of this process and of the server's process together, on an embedded server that is removed afterwards; the
server's own figure is read from /proc, so this benchmark runs on Linux only.
"""

import argparse
import resource
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.scratch_server import CLOCK_TICKS, scratch_server  # noqa: E402
from models import bookkeeping  # noqa: E402  # run as a script, from any folder
from models.archive import ArchivedBatch, BatchWriter, batch_id  # noqa: E402
from models.copying import copy_batches  # noqa: E402
from models.engine import create_engine  # noqa: E402
from models.landing import land_batch  # noqa: E402
from models.migration import migrate  # noqa: E402
from models.raw import RAW_TABLES, SOURCE_STREAMS  # noqa: E402
from models.records import Page, Stream  # noqa: E402
from models.records.files import ORDERS  # noqa: E402

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PAGE_ROWS = 50_000
PLATFORM = "woocommerce"
PARTS_PER_ORDER = {"orders": 1, "order_lines": 2, "order_taxes": 1, "order_shipping_lines": 1}


def orders(count: int, *, changed_share: float = 0.0) -> Iterator[Page]:
    """Orders with ids of their own; in a share of them the amount is another."""
    rng = np.random.default_rng(1)
    for start in range(0, count, PAGE_ROWS):
        number = np.arange(start, min(start + PAGE_ROWS, count))
        cents = rng.integers(100, 20_000, number.size) + np.where(number % 1000 < 1000 * changed_share, 1, 0)
        frame = pl.DataFrame(
            {
                "order_id": pl.Series(number).cast(pl.String),
                "customer_id": pl.Series(number % 50_000).cast(pl.String),
                "ordered_at": pl.Series(1_600_000_000_000_000 + number * 60_000_000).cast(pl.Datetime("us", "UTC")),
                "amount": (pl.Series(cents).cast(pl.Decimal(18, 4)) / 100).cast(pl.Decimal(18, 4)),
                "currency_code": pl.Series(["USD"] * number.size),
                "quantity": pl.Series(np.ones(number.size, dtype=np.int64)),
                "channel": pl.Series(["web"] * number.size),
                "email": pl.Series([None] * number.size, dtype=pl.String),
                "is_generated_id": pl.Series([False] * number.size),
                "source_file": pl.Series(["orders.csv"] * number.size),
                "source_line": pl.Series(number + 2),
            }
        )
        columns = [column.combine_chunks() for column in frame.to_arrow().cast(ORDERS.schema).columns]
        yield Page("orders", pa.RecordBatch.from_arrays(columns, schema=ORDERS.schema))


def reading(first: int, count: int, *, changed_share: float = 0.0) -> Iterator[Page]:
    """A platform's reading: orders with their parts, in every column of theirs; a share of them was changed."""
    ids = 5_000_000_000 + np.arange(first, first + count)
    changed = (ids % 1000 < 1000 * changed_share).astype(np.int64)
    for stream in SOURCE_STREAMS[PLATFORM]:
        parts = PARTS_PER_ORDER.get(stream.name, 0)
        if not parts:
            continue
        of = np.repeat(ids, parts)
        keys = {stream.key[0]: of} | {name: np.arange(of.size) + first * parts for name in stream.key[1:]}
        columns = [
            pa.array(keys[column.name].astype(str), pa.string())
            if column.name in keys
            else filler(column.type, np.repeat(changed, parts), is_empty=not column.required and place % 3 != 0)
            for place, column in enumerate(stream.columns)
        ]
        yield Page(stream.name, pa.RecordBatch.from_arrays(columns, schema=stream.schema))


def filler(kind: pa.DataType, changed: np.ndarray[Any, Any], *, is_empty: bool) -> pa.Array:
    number = np.arange(changed.size) % 97 + changed
    if pa.types.is_string(kind):
        return pa.nulls(number.size, kind) if is_empty else pa.array([f"text {i}" for i in number], kind)
    if pa.types.is_timestamp(kind):
        return pa.array(1_600_000_000_000_000 + number * 60_000_000, pa.int64()).cast(kind)
    if pa.types.is_boolean(kind):
        return pa.array(number % 2 == 0)
    return pa.array(number, pa.int64()).cast(pa.decimal128(19, 0) if pa.types.is_decimal(kind) else kind).cast(kind)


def archived(root: Path, engine: sa.Engine, source: str, name: str, pages: Iterable[Page], mode: str) -> ArchivedBatch:
    """A batch in the archive and in the books."""
    batch = ArchivedBatch(
        root=root,
        batch_id=batch_id(source, "bench", "web", name, follows=None),
        source=source,
        merchant_id="bench",
        store_id="web",
        mode=mode,
        fingerprint=name,
        day=date(2026, 1, 1),
        cursor={},
        archived_at=NOW,
    )
    with BatchWriter(batch, SOURCE_STREAMS[source]) as writer:
        for page in pages:
            writer.write(page)
        batch = writer.finish()
    with engine.begin() as connection:
        bookkeeping.register_batch(connection, batch)
        bookkeeping.record_contract(connection, batch.batch_id, has_passed=True, report={})
    return batch


def cpu_seconds(connection: sa.Connection, work: Callable[[], object]) -> float:
    """CPU of this process and of the connection's server process while the work is done."""
    pid = connection.connection.dbapi_connection.info.backend_pid  # type: ignore[union-attr]  # psycopg's connection

    def spent() -> float:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        own = resource.getrusage(resource.RUSAGE_SELF)
        return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS + own.ru_utime + own.ru_stime

    before = spent()
    work()
    return spent() - before


def plain_upsert(connection: sa.Connection, batch: ArchivedBatch, stream: Stream) -> None:
    """Stage every row and upsert all of them, in the peer's own store."""
    raw = RAW_TABLES[batch.source, stream.name]
    stage = sa.Table("stage", sa.MetaData(), *(sa.Column(c.name, c.type) for c in raw.columns), prefixes=["temporary"])
    with connection.begin():
        stage.create(connection)
        names = [*stream.column_names, "content_hash"]
        copy_batches(connection, stage, names, batch.record_batches(stream.name, columns=names))
        fixed = {"merchant_id": "bench", "store_id": "peer", "batch_id": batch.batch_id, "loaded_at": NOW}
        selected = sa.select(*(stage.c[n] for n in names), *(sa.literal(v).label(n) for n, v in fixed.items()))
        insert = postgresql.insert(raw).from_select([*names, *fixed], selected)
        updated = {n: insert.excluded[n] for n in [*names, "batch_id", "loaded_at"] if n not in stream.key}
        connection.execute(
            insert.on_conflict_do_update(index_elements=["merchant_id", "store_id", *stream.key], set_=updated)
        )
        stage.drop(connection)


def compare(connection: sa.Connection, name: str, batches: list[ArchivedBatch]) -> None:
    """Land batches and upsert the same rows plainly; print what each cost."""

    def land() -> None:
        for batch in batches:
            land_batch(connection, batch=batch, loaded_at=NOW, max_shrink_rate=1.0)

    def upsert() -> None:
        for batch in batches:
            for stream in SOURCE_STREAMS[batch.source]:
                if batch.row_counts.get(stream.name):
                    plain_upsert(connection, batch, stream)

    ours, peer = cpu_seconds(connection, land), cpu_seconds(connection, upsert)
    rows = sum(count for batch in batches for count in batch.row_counts.values())
    print(f"{name:<42}{rows:>10,}{ours:>10.2f}{peer:>15.2f}{ours / peer:>10.2f}")


def main() -> None:
    """Print a table of CPU seconds, and the ratios to the plain upsert."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--orders", type=int, default=300_000)
    parser.add_argument("--platform-orders", type=int, default=60_000)
    parser.add_argument("--reading-rows", type=int, default=30_000)
    arguments = parser.parse_args()
    with scratch_server() as server:
        migrate(server.url)
        archive = server.folder / "archive"
        print(f"{'CPU seconds':<42}{'rows':>10}{'landing':>10}{'plain upsert':>15}{'ratio':>10}")
        measure_export(create_engine(server.url), archive, arguments.orders)
        orders_per_reading = arguments.reading_rows // sum(PARTS_PER_ORDER.values())
        measure_platform(create_engine(server.url), archive, arguments.platform_orders, orders_per_reading)


def measure_export(engine: sa.Engine, root: Path, count: int) -> None:
    """Land exports of orders in turn."""
    batches = {
        name: [archived(root, engine, "files", name, orders(rows, changed_share=share), mode)]
        for name, rows, share, mode in (
            ("export: first load", count, 0.0, "snapshot"),
            ("export: read again, 5% changed", count, 0.05, "snapshot"),
            ("export: read again, all changed", count, 1.0, "snapshot"),
            ("export: delta of 5%, half of it changed", count // 20, 0.5, "delta"),
        )
    }
    with engine.connect() as connection:
        for name, some in batches.items():
            compare(connection, name, some)


def measure_platform(engine: sa.Engine, root: Path, count: int, per_reading: int) -> None:
    """Land a platform's history reading by reading, and all of it once more."""
    batches = {
        name: [
            archived(
                root, engine, PLATFORM, f"{name} {first}", reading(first, per_reading, changed_share=share), "delta"
            )
            for first in range(0, some, per_reading)
        ]
        for name, some, share in (
            ("platform: history", count, 0.0),
            ("platform: read again, 5% changed", count, 0.05),
            ("platform: one reading, half of it changed", per_reading, 0.5),
        )
    }
    with engine.connect() as connection:
        for name, some in batches.items():
            compare(connection, name, some)


if __name__ == "__main__":
    main()
