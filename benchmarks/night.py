"""A whole night of a large merchant, and the night after it: from an export to published predictions.

Usage: python benchmarks/night.py [--customers 100000] [--orders 1000000] [--folder FOLDER]

`perennial run` as a person starts it, on a home and an embedded warehouse of its own, with what a declared merchant
gets: two lines an order, products with costs, refunds, a contact each. The second night finds one more day of orders,
refunds and edits in the export. Where the time goes is read off the lines that the run prints; what lies between two
is counted to the earlier. CPU seconds are those of the command with dbt, and the server's, from /proc (Linux).
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import psycopg
import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.scratch_server import server_cpu_seconds  # noqa: E402  # run as a script, from any folder
from models.embedded import EmbeddedServer, EmbeddedSettings  # noqa: E402  # run as a script, from any folder

COMMAND = Path(sys.executable).with_name("perennial")
BEGAN = datetime(2022, 1, 1, tzinfo=UTC)
DAYS = 1_460
PRODUCT_COUNT = 2_000
CHANNELS = np.array(["web", "pos", "social", "marketplace"])
REFUND_RATE = 0.05
DAY_SHARE = 0.001
COUNTS = """
select
    (select count(*) from marts.fct_orders) as orders,
    (select count(*) from marts.fct_order_lines) as order_lines,
    (select count(*) from marts.customer_360) as customers,
    (select count(*) from marts.customer_360 where clv_amount is not null) as predicted
"""


@dataclass
class Shop:
    """Everything that has happened at a shop, as columns of equal length, in order of time.

    Attributes:
        orders: order_id, customer, seconds since the shop began, amount, channel, refunded.
        draws: What chooses.
    """

    orders: pl.DataFrame
    draws: np.random.Generator

    @classmethod
    def opened(cls, customer_count: int, order_count: int) -> "Shop":
        """A shop whose customers buy at rates of their own until they leave."""
        draws = np.random.default_rng(11)
        first_days = draws.integers(0, DAYS - 1, customer_count)
        life_days = np.minimum(draws.exponential(700.0, customer_count) + 1, DAYS - first_days)
        expected = (draws.gamma(0.8, 1.0, customer_count) + 0.02) * life_days
        repeats = draws.poisson(expected * max(order_count - customer_count, 0) / expected.sum())
        customers = np.concatenate([np.arange(customer_count), np.repeat(np.arange(customer_count), repeats)])
        days = first_days[customers] + draws.random(customers.size) * life_days[customers]
        days[:customer_count] = first_days
        return cls(purchases(customers, (days * 86_400).astype(np.int64), 0, draws), draws)

    def after_one_more_day(self) -> "Shop":
        """The shop a day later: a thousandth more orders, and a tenth as many of the old ones edited or refunded."""
        count = max(int(self.orders.height * DAY_SHARE), 1)
        seconds = DAYS * 86_400 + np.sort(self.draws.integers(0, 86_000, count))
        customers = self.draws.integers(0, int(self.orders["customer"].max()) + count // 3, count)  # type: ignore[arg-type]
        new = purchases(customers, seconds, self.orders.height, self.draws)
        refunded, edited = self.draws.integers(0, self.orders.height, (2, max(count // 10, 1)))
        numbers = pl.int_range(pl.len())
        old = self.orders.with_columns(
            pl.col("refunded") | numbers.is_in(refunded), pl.col("amount") + numbers.is_in(edited).cast(pl.Float64)
        )
        return Shop(pl.concat([old, new]), self.draws)

    def write(self, folder: Path) -> None:
        """Write the shop's export: orders, lines, customers and products."""
        folder.mkdir(exist_ok=True)
        at = pl.lit(BEGAN) + pl.duration(seconds="seconds")
        orders = self.orders.select(
            "order_id",
            pl.format("c{}", "customer").alias("customer_id"),
            at.dt.strftime("%Y-%m-%dT%H:%M:%SZ").alias("ordered_at"),
            pl.col("amount").round(2),
            "channel",
            pl.when("refunded").then((pl.col("amount") / 2).round(2)).otherwise(0).alias("refund_amount"),
        )
        orders.write_csv(folder / "orders.csv", float_precision=2)
        half = (pl.col("amount") / 2).round(2)
        lines = [
            orders.select("order_id", pl.lit(number).alias("line_id"), amount.alias("amount")).with_columns(
                pl.format("p{}", (pl.col("order_id").hash(number) % PRODUCT_COUNT)).alias("product_id")
            )
            for number, amount in ((1, half), (2, pl.col("amount") - half))
        ]
        pl.concat(lines).write_csv(folder / "lines.csv", float_precision=2)
        customers = orders.select("customer_id").unique(maintain_order=True)
        contact = pl.format("{}@example.com", "customer_id").alias("email")
        customers.select("customer_id", contact, pl.lit("US").alias("country")).write_csv(folder / "customers.csv")
        numbers = pl.DataFrame({"number": np.arange(PRODUCT_COUNT)})
        numbers.select(
            pl.format("p{}", "number").alias("product_id"),
            pl.format("Product {}", "number").alias("name"),
            pl.format("Category {}", pl.col("number") % 20).alias("category"),
            pl.lit(10).alias("cost"),
        ).write_csv(folder / "products.csv")


def purchases(
    customers: "np.typing.NDArray[np.int64]",
    seconds: "np.typing.NDArray[np.int64]",
    first: int,
    draws: np.random.Generator,
) -> pl.DataFrame:
    """Orders of these customers at these times, in order of time, numbered from `first`."""
    columns = {
        "customer": customers,
        "seconds": seconds,
        "amount": np.round(5 + draws.gamma(4.0, 12.0, customers.size), 2),
        "channel": CHANNELS[draws.integers(0, CHANNELS.size, customers.size)],
        "refunded": draws.random(customers.size) < REFUND_RATE,
    }
    numbered = pl.DataFrame(columns).sort("seconds", maintain_order=True).with_row_index("number", offset=first)
    return numbered.with_columns(pl.format("o{}", "number").alias("order_id")).drop("number")


def declare(path: Path, days: int) -> None:
    """Write the perennial.yml of the shop as of the end of its last day."""
    dollars = {"constant": "USD"}
    source: dict[str, Any] = {
        "type": "files",
        "path": "export/orders.csv",
        "refunds": "column",
        "columns": {key: key for key in ("order_id", "customer_id", "ordered_at", "amount", "channel", "refund_amount")}
        | {"currency_code": dollars},
        "customers": {
            "path": "export/customers.csv",
            "columns": {"customer_id": "customer_id", "email": "email", "country_code": "country"},
        },
        "order_items": {
            "path": "export/lines.csv",
            "columns": {key: key for key in ("order_id", "line_id", "product_id", "amount")}
            | {"currency_code": dollars},
        },
        "products": {
            "path": "export/products.csv",
            "columns": {"product_id": "product_id", "product_name": "name", "category_name": "category"}
            | {"unit_cost_amount": "cost", "currency_code": dollars},
        },
    }
    merchant = {
        "merchant_id": "large",
        "merchant_name": "A large merchant",
        "time_zone": "UTC",
        "currency_code": "USD",
        "as_of_date": (BEGAN + timedelta(days=days)).date().isoformat(),
        "stores": [{"store_id": "web", "source": source}],
    }
    path.write_text(yaml.safe_dump({"merchants": [merchant]}), encoding="utf-8")


def server_seconds(folder: Path) -> float:
    """CPU seconds of the server whose data lie in a folder."""
    return server_cpu_seconds(int((folder / "postmaster.pid").read_text(encoding="ascii").split()[0]))


def night(environment: Mapping[str, str], data_folder: Path | None) -> dict[str, Any]:
    """Run it once; what it took, stage by stage."""
    before = os.times()
    server_before = server_seconds(data_folder) if data_folder else 0.0
    began = last = time.monotonic()
    stages: dict[str, float] = {}
    stage = "Starting"
    printed = []
    with subprocess.Popen(
        [COMMAND, "run"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            printed.append(line)
            now = time.monotonic()
            if line.rstrip().endswith("...") and not line.rstrip().endswith("% ..."):
                stages[stage] = stages.get(stage, 0.0) + now - last
                stage, last = line.strip().removesuffix(" ..."), now
    ended = time.monotonic()
    stages[stage] = stages.get(stage, 0.0) + ended - last
    if process.returncode:
        sys.exit("".join(printed[-60:]))
    after = os.times()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    home = Path(environment["PERENNIAL_HOME"])
    return {
        "seconds": round(ended - began, 1),
        "command_cpu_seconds": round(spent, 1),
        "server_cpu_seconds": round(server_seconds(home / "postgresql") - server_before, 1),
        "stages": {name: round(seconds, 1) for name, seconds in stages.items() if seconds >= 0.1},
        "load": os.getloadavg()[0],
    }


def main() -> int:
    """Measure two nights and print them; 1 when the second did not predict everybody."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--orders", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, help="Kept afterwards; by default one that is removed.")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = (options.folder or Path(temporary)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)
        home = folder / "home"
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("PERENNIAL_")},
            "PERENNIAL_HOME": str(home),
            "PERENNIAL_WAREHOUSE_URL": "",
            "PERENNIAL_CONFIG": str(folder / "perennial.yml"),
        }
        server = EmbeddedServer(EmbeddedSettings(home=home))
        try:
            shop = Shop.opened(options.customers, options.orders)
            for days, name in ((DAYS, "whole"), (DAYS + 1, "one more day")):
                if days > DAYS:
                    shop = shop.after_one_more_day()
                shop.write(folder / "export")
                declare(folder / "perennial.yml", days)
                measured = night(environment, home / "postgresql" if days > DAYS else None)
                with psycopg.connect(server.url()) as connection:
                    cursor = connection.execute(COUNTS)
                    names = [column.name for column in cursor.description or ()]
                    measured |= dict(zip(names, cursor.fetchone() or (), strict=True))
                print(json.dumps({"night": name} | measured), flush=True)
        finally:
            server.stop()
    return int(measured["predicted"] != measured["customers"])


if __name__ == "__main__":
    sys.exit(main())
