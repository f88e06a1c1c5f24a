"""Points of 100,000 orders, then of 10,000 more: the first night, the hour's orders, that again, and the proof.

Usage: python benchmarks/loyalty.py [--orders 100000] [--more 10000]

From the facts in the marts to postings and balances, with two lines an order, category multipliers, a refund for every
twentieth order, and points that run out. CPU seconds of this process, and of the server, read from /proc (Linux).
"""

import argparse
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import sqlalchemy as sa

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from activation.loyalty import facts  # noqa: E402  # run as a script, from any folder
from activation.loyalty.ledger import Ledger, post_programme, prove  # noqa: E402
from activation.loyalty.programme import Programme  # noqa: E402
from benchmarks.scratch_server import scratch_server, server_cpu_seconds  # noqa: E402
from models.engine import create_engine  # noqa: E402
from models.identity import dim_customer_identities  # noqa: E402
from models.migration import migrate  # noqa: E402
from models.reading import write_frame  # noqa: E402

START = date(2025, 1, 1)
AS_OF = date(2026, 6, 30)
MERCHANT = "shop"
RULES = {"valid_from_date": START, "category_multipliers": {"shoes": 2}, "expiry_months": 12}
PROGRAMME = Programme.model_validate({"name": "points", "point_value_amount": "0.01", "rules": [RULES]})


def fill(connection: sa.Connection, numbers: range, *, days: int) -> None:
    """Orders of one in five customers each, over some days up to the as-of date."""
    count = len(numbers)
    draw = np.random.default_rng(numbers.start)
    ids = pl.Series("order_id", [str(n) for n in numbers])
    money = pl.Decimal(18, 4)
    frame = pl.DataFrame(
        {
            "merchant_id": MERCHANT,
            "store_id": "s",
            "order_id": ids,
            "customer_id": [str(n) for n in draw.integers(0, max(numbers.stop // 5, 1), count)],
            "order_date": [AS_OF - timedelta(days=int(n)) for n in draw.integers(0, days, count)],
            "net_amount": pl.Series(draw.integers(500, 20_000, count) / 100).cast(money),
        }
    )
    at = pl.col("order_date").cast(pl.Datetime("us", "UTC"))
    orders = frame.with_columns(ordered_at=at, amount=pl.col("net_amount") * 2)
    write_frame(connection, facts.fct_orders, orders.drop("net_amount").cast({"amount": money}).to_arrow())
    for line in ("1", "2"):
        write_frame(
            connection,
            facts.fct_order_lines,
            frame.with_columns(line_id=pl.lit(line), product_id=pl.lit(line)).to_arrow(),
        )
    refunded = frame.gather_every(20).with_columns(
        refund_id="order_id", refunded_at=at + pl.duration(days=20), refund_date=pl.col("order_date") + timedelta(20)
    )
    refunded = refunded.filter(pl.col("refund_date") <= AS_OF)
    kept = ("merchant_id", "store_id", "refund_id", "order_id", "refunded_at", "refund_date")
    write_frame(connection, facts.fct_refunds, refunded.select(kept).to_arrow())
    parts = refunded.select("merchant_id", "store_id", "refund_id", "net_amount", line_id=pl.lit("1"))
    write_frame(connection, facts.fct_refund_lines, parts.with_columns(line_kind=pl.lit("product")).to_arrow())


def measured(label: str, pid: int, work: Callable[[], str]) -> None:
    """Do some work and print what it took."""
    before, own, began = server_cpu_seconds(pid), time.process_time(), time.monotonic()
    said = work()
    cpu, server = time.process_time() - own, server_cpu_seconds(pid) - before
    print(f"{label}: own {cpu:.1f} CPU s, server {server:.1f} CPU s, clock {time.monotonic() - began:.1f} s; {said}")


def measure(url: str, pid: int, orders: int, more: int) -> None:
    """Fill the marts and post the nights."""
    migrate(url)
    engine = create_engine(url, application_name="perennial benchmark")
    tables = (facts.fct_orders, facts.fct_order_lines, facts.fct_refunds, facts.fct_refund_lines, facts.dim_products)
    with engine.begin() as connection:
        for table in (*tables, dim_customer_identities):
            table.create(connection)
        names = ({"product_id": "1", "category_name": "Shoes"}, {"product_id": "2", "category_name": "Hats"})
        for product in names:
            connection.execute(sa.insert(facts.dim_products).values(merchant_id=MERCHANT, store_id="s", **product))
        fill(connection, range(orders), days=540)
    ledger = Ledger(MERCHANT, PROGRAMME, ZoneInfo("Europe/Berlin"), "EUR", "run", datetime(2026, 7, 1, 1, tzinfo=UTC))

    def post() -> str:
        with engine.begin() as connection:
            report = post_programme(connection, ledger, as_of_date=AS_OF)
        return f"{report.posting_count:,} postings"

    def proof() -> str:
        with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
            found = prove(connection, ledger)
        return f"{found.customer_count:,} balances {'proven' if found.holds else 'NOT proven'}"

    measured(f"first night, {orders:,} orders", pid, post)
    with engine.begin() as connection:
        fill(connection, range(orders, orders + more), days=1)
    measured(f"{more:,} more orders", pid, post)
    measured("that again", pid, post)
    measured("proof", pid, proof)
    engine.dispose()


def main() -> None:
    """Measure on an embedded server, removed afterwards."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=100_000)
    parser.add_argument("--more", type=int, default=10_000)
    asked = parser.parse_args()
    with scratch_server() as server:
        measure(server.url, server.pid, asked.orders, asked.more)


if __name__ == "__main__":
    main()
