"""CPU time of landing orders: first load, a full re-read with 5% changed, and a small delta, against a plain upsert.

Usage: python benchmarks/landing.py [--orders 300000]

The peer is one `insert ... on conflict do update` of every staged row, without comparing content: what a loader does
that keeps no hashes. CPU seconds of this process and of the server's process together, on an embedded server that is
removed afterwards; the server's own figure is read from /proc, so this benchmark runs on Linux only.
"""

import argparse
import resource
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from models import bookkeeping  # noqa: E402  # run as a script, from any folder
from models.archive import ArchivedBatch, BatchWriter, batch_id  # noqa: E402
from models.copying import copy_batches  # noqa: E402
from models.embedded import EmbeddedServer, EmbeddedSettings  # noqa: E402
from models.engine import create_engine  # noqa: E402
from models.landing import land_batch  # noqa: E402
from models.migration import migrate  # noqa: E402
from models.raw import RAW_TABLES, SOURCE_STREAMS  # noqa: E402
from models.records import Page  # noqa: E402
from models.records.files import ORDERS  # noqa: E402

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PAGE_ROWS = 50_000
CLOCK_TICKS = 100


def orders(count: int, *, changed_share: float = 0.0) -> Iterator[pa.RecordBatch]:
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
        yield pa.RecordBatch.from_arrays(
            [column.combine_chunks() for column in frame.to_arrow().cast(ORDERS.schema).columns], schema=ORDERS.schema
        )


def archived(root: Path, engine: sa.Engine, name: str, batches: Iterator[pa.RecordBatch], mode: str) -> ArchivedBatch:
    """A batch in the archive and in the books."""
    batch = ArchivedBatch(
        root=root,
        batch_id=batch_id("files", "bench", "web", name, follows=None),
        source="files",
        merchant_id="bench",
        store_id="web",
        mode=mode,
        fingerprint=name,
        day=date(2026, 1, 1),
        cursor={},
        archived_at=NOW,
    )
    with BatchWriter(batch, SOURCE_STREAMS["files"]) as writer:
        for records in batches:
            writer.write(Page("orders", records))
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


def plain_upsert(connection: sa.Connection, batch: ArchivedBatch) -> None:
    """Stage every row and upsert all of them."""
    raw = RAW_TABLES["files", "orders"]
    stage = sa.Table("stage", sa.MetaData(), *(sa.Column(c.name, c.type) for c in raw.columns), prefixes=["temporary"])
    with connection.begin():
        stage.create(connection)
        names = [*ORDERS.column_names, "content_hash"]
        rows = (records.select(names) for records in batch.record_batches("orders"))
        copy_batches(connection, stage, names, rows)
        fixed = {"merchant_id": "bench", "store_id": "web", "batch_id": batch.batch_id, "loaded_at": NOW}
        selected = sa.select(*(stage.c[n] for n in names), *(sa.literal(v).label(n) for n, v in fixed.items()))
        insert = postgresql.insert(raw).from_select([*names, *fixed], selected)
        updated = {n: insert.excluded[n] for n in [*names, "batch_id", "loaded_at"] if n not in ORDERS.key}
        connection.execute(
            insert.on_conflict_do_update(index_elements=["merchant_id", "store_id", *ORDERS.key], set_=updated)
        )
        stage.drop(connection)


def main() -> None:
    """Print a table of CPU seconds, and the ratios to the plain upsert."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--orders", type=int, default=300_000)
    count: int = parser.parse_args().orders
    with tempfile.TemporaryDirectory(prefix="perennial_bench_") as folder:
        home = Path(folder)
        home.chmod(0o755)
        server = EmbeddedServer(EmbeddedSettings(home=home / "home"))
        url = server.start()
        try:
            migrate(url)
            measure(create_engine(url), home / "archive", count)
        finally:
            server.stop()


def measure(engine: sa.Engine, root: Path, count: int) -> None:
    """Land the batches in turn and print what each cost."""
    full = archived(root, engine, "full", orders(count), "snapshot")
    reread = archived(root, engine, "reread", orders(count, changed_share=0.05), "snapshot")
    small = archived(root, engine, "delta", orders(count // 20, changed_share=0.5), "delta")
    with engine.connect() as connection:
        connection.execute(sa.select(1))
        connection.rollback()
        costs = {
            f"{name}, {rows:,} rows": cpu_seconds(
                connection, lambda batch=batch: land_batch(connection, batch=batch, loaded_at=NOW, max_shrink_rate=1.0)
            )
            for name, rows, batch in (
                ("first load", count, full),
                ("full re-read, 5% changed", count, reread),
                ("delta", count // 20, small),
            )
        }
        costs[f"plain upsert of all {count:,} rows"] = peer = cpu_seconds(
            connection, lambda: plain_upsert(connection, reread)
        )
    print(f"{'':<40}{'CPU seconds':>12}{'of plain upsert':>18}")
    for name, seconds in costs.items():
        print(f"{name:<40}{seconds:>12.2f}{seconds / peer:>18.2f}")


if __name__ == "__main__":
    main()
