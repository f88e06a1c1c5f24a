"""CPU time and memory from a shop's API to raw tables: Perennial and dlt in turn, against the same sandbox shop.

Usage: python benchmarks/extraction.py [--platform woocommerce|shopify] [--orders 20000] [--largest 200000]

Both arms bring the orders of one sandbox shop, which serves from a process of its own, into the same PostgreSQL: the
same columns and child tables, merged by key. From WooCommerce both read pages of 100 orders; from Shopify dlt reads
pages of 250 by its JSON cursor, and Perennial, as it does with every history, Shopify's bulk file. dlt runs in
`.venv-peers` (made from benchmarks/peers/requirements.lock; without it, it is left out and the output says so). CPU
seconds are those of the loading process; the database server's stand beside them, read from /proc, so this benchmark
runs on Linux only.

The floors are what no loader of these pages can do without: fetching them, decoding their JSON, and copying the rows.
"""

import argparse
import json
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from pydantic import SecretStr

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.extraction_pages import DECODERS, KEY, PAGES, SECRET, TOKEN, runtime  # noqa: E402  # run as a script
from benchmarks.scratch_server import scratch_server, server_cpu_seconds  # noqa: E402
from connectors.source import ReadRequest, Source  # noqa: E402
from connectors.sources.shopify import ShopifySettings, ShopifySource  # noqa: E402
from connectors.sources.shopify.documents import document  # noqa: E402
from connectors.sources.woocommerce import WooCommerceSettings, WooCommerceSource  # noqa: E402
from models import bookkeeping  # noqa: E402
from models.archive import ArchivedBatch, BatchWriter, batch_id, batches  # noqa: E402
from models.copying import copy_batches  # noqa: E402
from models.engine import create_engine  # noqa: E402
from models.landing import land_batch  # noqa: E402
from models.migration import migrate  # noqa: E402
from models.raw import RAW_TABLES, SOURCE_STREAMS  # noqa: E402

PEER = ROOT / ".venv-peers" / "bin" / "python"
NESTED = {
    "order_lines": "line_items",
    "order_shipping_lines": "shipping_lines",
    "order_fees": "fee_lines",
    "order_discounts": "coupon_lines",
    "order_taxes": "tax_lines",
}


def cpu_seconds() -> float:
    """Of this process so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def source_of(platform: str, url: str) -> Source:
    """Our connector to the shop."""
    place: dict[str, Any] = {"runtime": runtime(), "time_zone": "America/New_York", "key": "source"}
    if platform == "shopify":
        return ShopifySource(ShopifySettings(type="shopify", url=url, access_token=SecretStr(TOKEN)), **place)
    keys = {"consumer_key": SecretStr(KEY), "consumer_secret": SecretStr(SECRET)}
    return WooCommerceSource(WooCommerceSettings(type="woocommerce", url=url, **keys), **place)


def perennial(platform: str, url: str, database: str, folder: str) -> dict[str, Any]:
    """Read the shop into an archive and land it, reading by reading."""
    source = source_of(platform, url)
    before = cpu_seconds()
    engine = create_engine(database)
    state, follows, rows, at = None, None, 0, datetime.now(UTC)
    while True:
        reading = source.read(ReadRequest("bench", "web", state, at))
        begun = ArchivedBatch(
            root=Path(folder),
            batch_id=batch_id(source.system, "bench", "web", reading.fingerprint, follows=follows),
            source=source.system,
            merchant_id="bench",
            store_id="web",
            mode=reading.mode.value,
            fingerprint=reading.fingerprint,
            day=at.date(),
            cursor=reading.cursor,
            archived_at=at,
        )
        with BatchWriter(begun, source.streams) as writer:
            for page in reading.pages:
                writer.write(page)
            batch = writer.finish()
        with engine.begin() as connection:
            bookkeeping.register_batch(connection, batch)
            bookkeeping.record_contract(connection, batch.batch_id, has_passed=True, report={})
        with engine.connect() as connection:
            land_batch(connection, batch=batch, loaded_at=at, max_shrink_rate=1.0)
        rows += sum(batch.row_counts.values())
        state, follows = dict(batch.cursor), batch.batch_id
        if not reading.report.has_more:
            return {"rows": rows, "own_cpu_seconds": cpu_seconds() - before}


def floor_http(platform: str, url: str, _database: str, _folder: str) -> dict[str, Any]:
    """Fetch every page and drop it; starting Python is left out."""
    before = cpu_seconds()
    received = sum(len(content) for content in PAGES[platform](url))
    return {"bytes": received, "own_cpu_seconds": cpu_seconds() - before}


def floor_decode(platform: str, url: str, _database: str, _folder: str) -> dict[str, Any]:
    """Decode every page into typed records and drop them; fetching is subtracted."""
    bodies = list(PAGES[platform](url))
    before = cpu_seconds()
    count = sum(map(DECODERS[platform], bodies))
    return {"rows": count, "own_cpu_seconds": cpu_seconds() - before}


def floor_copy(platform: str, _url: str, database: str, folder: str) -> dict[str, Any]:
    """Copy the rows of an archive that the first arm wrote into plain tables without an index; reading is left out."""
    engine, rows, cost = create_engine(database), 0, 0.0
    with engine.begin() as connection:
        for batch in batches(Path(folder), platform):
            for stream in batch.row_counts:
                raw = RAW_TABLES[platform, stream]
                own = next(declared.column_names for declared in SOURCE_STREAMS[platform] if declared.name == stream)
                names = [column.name for column in raw.columns if column.name in own]
                plain = sa.Table(
                    f"floor_{stream}", sa.MetaData(), *(sa.Column(name, raw.c[name].type) for name in names)
                )
                plain.create(connection, checkfirst=True)
                held = [piece.select(names) for piece in batch.record_batches(stream)]
                before = cpu_seconds()
                rows += copy_batches(connection, plain, names, iter(held))
                cost += cpu_seconds() - before
    return {"rows": rows, "own_cpu_seconds": cost}


ARMS: dict[str, Callable[[str, str, str, str], dict[str, Any]]] = {
    "perennial": perennial,
    "floor_http": floor_http,
    "floor_decode": floor_decode,
    "floor_copy": floor_copy,
}


def peer_fields() -> dict[str, list[str]]:
    """The fields that our raw tables hold, in the API's own terms: for the peer to keep, and no more."""
    streams = {stream.name: stream.column_names for stream in WooCommerceSource.streams}
    orders = ["id" if name == "order_id" else name for name in streams["orders"]]
    fields: dict[str, list[str]] = {
        "": [
            n for n in orders if not n.startswith(("billing_", "shipping_")) or n in {"shipping_total", "shipping_tax"}
        ]
    }
    for part in ("billing", "shipping"):
        fields[part] = [
            n.removeprefix(f"{part}_")
            for n in orders
            if n.startswith(f"{part}_") and n not in {"shipping_total", "shipping_tax"}
        ]
    for stream, name in NESTED.items():
        own = [n for n in streams[stream] if n != "order_id"]
        fields[name] = ["id" if column.endswith("line_id") else column for column in own]
    return fields


def peer_command(platform: str, url: str, database: str, home: str) -> list[str]:
    """How the peer's arm is started."""
    folder, scripts = Path(home) / "dlt", ROOT / "benchmarks" / "peers"
    if platform == "shopify":
        query = Path(home) / "orders.graphql"
        query.write_text(document("orders"), encoding="utf-8")
        given = [str(scripts / "dlt_shopify_orders.py"), url, TOKEN, database, str(query), str(folder)]
    else:
        fields = Path(home) / "fields.json"
        fields.write_text(json.dumps(peer_fields()), encoding="utf-8")
        given = [str(scripts / "dlt_orders.py"), url, KEY, SECRET, database, str(fields), str(folder)]
    return [str(PEER), *given]


@contextmanager
def shop(platform: str, orders: int) -> Iterator[str]:
    """The sandbox, for as long as the block lasts."""
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "benchmarks" / "extraction_shop.py"), platform, str(orders)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.communicate()


def run_arm(command: list[str], server_pid: int) -> dict[str, Any]:
    """One arm in a process of its own, with what the database server spent on it."""
    before = server_cpu_seconds(server_pid)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{command[1]}: {done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    found["server_cpu_seconds"] = server_cpu_seconds(server_pid) - before
    return found


def main() -> None:
    """Run every arm at one size, ours at a larger one, and print one JSON line each and the ratios."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--platform", choices=list(PAGES), default="woocommerce")
    parser.add_argument("--orders", type=int, default=20_000)
    parser.add_argument("--largest", type=int, default=0)
    parser.add_argument("--arm", nargs=5)
    options = parser.parse_args()
    if options.arm:
        name, *given = options.arm
        found = ARMS[name](*given)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"cpu_seconds": cpu_seconds(), "peak_mib": memory, **found}))
        return
    with scratch_server() as server:
        migrate(server.url)
        compare(options.platform, options.orders, server.url, str(server.home), server.pid)
        if options.largest:
            grow(options.platform, options.largest, server.url, str(server.home), server.pid)


def compare(platform: str, orders: int, database: str, home: str, pid: int) -> None:
    """All arms on so many orders."""
    with shop(platform, orders) as url:
        found: dict[str, dict[str, Any]] = {}
        folder = str(Path(home) / "archive")
        for name in ARMS:
            command = [sys.executable, __file__, "--arm", name, platform, url, database, folder]
            found[name] = run_arm(command, pid)
            print(json.dumps({"platform": platform, "arm": name, "orders": orders, **found[name]}), flush=True)
        if PEER.exists():
            found["dlt"] = run_arm(peer_command(platform, url, database, home), pid)
            print(json.dumps({"platform": platform, "arm": "dlt", "orders": orders, **found["dlt"]}), flush=True)
        else:
            print("dlt is left out: .venv-peers is not there (make bench makes it)")
    ours = found["perennial"]
    started = ours["cpu_seconds"] - ours["own_cpu_seconds"]
    floors = [
        found["floor_http"]["own_cpu_seconds"],
        found["floor_decode"]["own_cpu_seconds"],
        found["floor_copy"]["own_cpu_seconds"],
    ]
    print(f"floors: HTTP {floors[0]:.2f}, decode {floors[1]:.2f}, COPY {floors[2]:.2f} CPU s")
    times = ours["own_cpu_seconds"] / sum(floors)
    print(f"Perennial took {started:.2f} CPU s to start, and then {times:.1f} times the summed floors")
    if "dlt" in found:
        theirs = found["dlt"]
        total = [arm["cpu_seconds"] + arm["server_cpu_seconds"] for arm in (theirs, ours)]
        print(f"dlt against Perennial: {theirs['cpu_seconds'] / ours['cpu_seconds']:.1f} times the CPU of the process")
        print(f"with the database server's: {total[0] / total[1]:.1f} times")


def grow(platform: str, orders: int, database: str, home: str, pid: int) -> None:
    """Our arm alone on so many orders, in a warehouse of its own."""
    with shop(platform, orders) as url:
        name = "largest"
        engine = create_engine(database).execution_options(isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(sa.text(f"create database {name}"))
        other = database.rpartition("/")[0] + f"/{name}"
        migrate(other)
        command = [sys.executable, __file__, "--arm", "perennial", platform, url, other, str(Path(home) / name)]
        found = run_arm(command, pid)
        print(json.dumps({"platform": platform, "arm": "perennial", "orders": orders, **found}), flush=True)


if __name__ == "__main__":
    main()
