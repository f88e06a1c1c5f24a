"""Who is in fifty segments, of a million customers with five million orders: the first night, the next, and that again.

Usage: python benchmarks/segments.py [--customers 1000000] [--segments 50]

From compiled criteria to `segment_memberships`, `segment_sizes` and `segment_overlaps`, as dbt builds them from tables
that are made up; what a night takes to make those tables is not in it. CPU seconds of the server, read from /proc
(Linux), and of dbt; and seconds by the clock, which say who else was at work. An embedded server, removed afterwards.
"""

import argparse
import resource
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from activation.customers import customer_360  # noqa: E402  # run as a script, from any folder
from activation.segments.criteria import Segment, read_segment  # noqa: E402
from activation.segments.traits import reading  # noqa: E402
from benchmarks.scratch_server import scratch_server, server_cpu_seconds  # noqa: E402
from models.engine import create_engine  # noqa: E402
from models.migration import migrate  # noqa: E402
from orchestration.deployment import child_environment  # noqa: E402
from orchestration.segment_compilation import compile_merchant  # noqa: E402

AS_OF = date(2026, 6, 30)
FILL = (ROOT / "benchmarks" / "segments.sql").read_text(encoding="utf-8")
VIEWS = ("stg_ops__merchants", "stg_ops__segments", "stg_ops__segment_queries")
MODELS = ("segment_memberships", "segment_sizes", "segment_overlaps")


def criteria(number: int) -> dict[str, Any]:
    """One of ten kinds of criteria, each with numbers of its own."""
    days, few = 20 + 7 * number, 1 + number % 3
    category = f"Category {1 + number}"
    bought = {"at_least": few, "in_last_days": days * 2, "where": {"category": category}}
    spent = {"measure": "net_amount", "at_least": 40 * few, "where": {"category": [category, "Category 7"]}}
    ranked = {"trait": "clv_percent_rank", "at_least": 0.9 - number / 200}
    named = {"trait": "rfm_segment", "one_of": ["champions", "loyal"]}
    near = {"trait": "country_code", "one_of": ["DE", "AT"]}
    agreed = {"trait": "has_email_consent", "equals": True}
    kinds: list[dict[str, Any]] = [
        {"orders": {"at_least": few, "in_last_days": days}},
        {"all": [ranked, {"trait": "churn_probability", "at_least": 0.5}]},
        {"all": [{"orders": bought}, {"refunds": {"equals": 0, "in_last_days": days * 2}}]},
        {"all": [named, {"trait": "order_count", "at_least": few * 2}]},
        {"orders": {"measure": "amount", "at_least": 50 * few, "in_last_days": days}},
        {"all": [near, {"trait": "acquisition_channel", "equals": "search"}]},
        {
            "all": [
                {"orders": {"at_least": 1, "not_in_last_days": days}},
                {"orders": {"equals": 0, "in_last_days": days}},
            ]
        },
        {"lines": spent},
        {
            "any": [
                {"refunds": {"at_least": 1, "in_last_days": days}},
                {"trait": "lifecycle_stage", "equals": "at_risk"},
            ]
        },
        {"all": [{"trait": "last_order_date", "in_last_days": days}, {"not": agreed}]},
    ]
    return kinds[number % len(kinds)]


def dbt(url: str, target: Path, *models: str) -> None:
    command = [Path(sys.executable).parent / "dbt", "--quiet", "run", "--select", *models]
    folders = ["--project-dir", ROOT / "dbt_project", "--profiles-dir", ROOT / "dbt_project"]
    outputs = ["--target-path", target, "--log-path", target]
    subprocess.run([*command, *folders, *outputs], env=child_environment(url), check=True)


def night(engine: sa.Engine, url: str, target: Path, server_pid: int, segments: list[Segment], as_of: date) -> str:
    """Compile and build as of a day; returns what it took."""
    with engine.begin() as connection:
        compile_merchant(connection, "bench", segments, as_of_date=as_of, run_id="bench")
    began, server = time.monotonic(), server_cpu_seconds(server_pid)
    own = resource.getrusage(resource.RUSAGE_CHILDREN)
    dbt(url, target, *MODELS)
    took, done = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    own_cpu = done.ru_utime + done.ru_stime - own.ru_utime - own.ru_stime
    with engine.connect() as connection:
        columns = (sa.column(name) for name in ("is_current", "entered_date", "left_date"))
        table = sa.table("segment_memberships", *columns, schema="marts")
        current, entered, left = connection.execute(
            sa.select(
                sa.func.count().filter(table.c.is_current),
                sa.func.count().filter(table.c.entered_date == as_of),
                sa.func.count().filter(table.c.left_date == as_of),
            )
        ).one()
    return (
        f"server {server_cpu_seconds(server_pid) - server:.0f} CPU s, dbt {own_cpu:.0f} CPU s, clock {took:.0f} s; "
        f"{current:,} memberships, {entered:,} entered, {left:,} left"
    )


def main() -> None:
    """Measure three nights, and print them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--segments", type=int, default=50)
    asked = parser.parse_args()
    with scratch_server() as server:
        measure(server.url, server.folder / "dbt", server.pid, asked.customers, asked.segments)


def measure(url: str, target: Path, pid: int, customers: int, count: int) -> None:
    """Fill the warehouse and run the nights."""
    migrate(url)
    engine = create_engine(url, application_name="perennial benchmark")
    with engine.begin() as connection:
        customer_360.create(connection)
        reading.create_all(connection)
        for statement in FILL.split(";\n"):
            if statement.strip():
                connection.execute(sa.text(statement), {"as_of_date": AS_OF, "customers": customers})
        connection.execute(sa.text("grant select on all tables in schema marts, intermediate to perennial_transformer"))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("vacuum analyze"))
    segments = [read_segment(f"segment_{number}", "", criteria(number)) for number in range(count)]
    dbt(url, target, *VIEWS)
    print(f"{customers:,} customers, {customers * 5:,} orders, {count} segments")
    print(f"first night: {night(engine, url, target, pid, segments, AS_OF)}", flush=True)
    following = AS_OF + timedelta(days=1)
    with engine.begin() as connection:
        for table in ("ops.merchants", "marts.customer_360"):
            schema, name = table.split(".")
            found = sa.table(name, sa.column("as_of_date", sa.Date), schema=schema)
            connection.execute(sa.update(found).values(as_of_date=following))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("vacuum analyze marts.customer_360"))
    print(f"next night: {night(engine, url, target, pid, segments, following)}", flush=True)
    print(f"that night again: {night(engine, url, target, pid, segments, following)}", flush=True)
    engine.dispose()


if __name__ == "__main__":
    main()
