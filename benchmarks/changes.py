"""Who changed since a sync last looked: by number, by hash, and against EXCEPT both ways over the same rows.

Usage: python benchmarks/changes.py [--customers 1000000]

A million customers of twelve fields of whom one in a hundred changed and one in a thousand is gone. The peer compares
two whole tables in both directions, which is what is left to whoever keeps the last state as a table. Seconds of the
wall clock, the fastest of three, on an embedded server that is removed afterwards. All three are checked to find the
same customers.
"""

import argparse
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import sqlalchemy as sa

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from activation.changes import current_states, latest_change, reconcile  # noqa: E402  # run as a script
from activation.customers import customer_360, customer_contacts, segment_memberships  # noqa: E402
from benchmarks.scratch_server import scratch_server  # noqa: E402
from models.activation import customer_states  # noqa: E402
from models.engine import create_engine  # noqa: E402
from models.identity import dim_customer_identities  # noqa: E402
from models.migration import migrate  # noqa: E402

MERCHANT = "m1"
FIELDS = (
    *("last_order_date", "order_count", "net_amount", "aov_amount", "currency_code", "rfm_segment"),
    *("probability_alive", "expected_purchases", "clv_amount", "churn_probability", "next_purchase_date"),
    "has_email_consent",
)
previous = sa.Table("previous", sa.MetaData(), *(c._copy() for c in customer_360.c), schema="marts")  # noqa: SLF001


def fill(connection: sa.Connection, count: int) -> None:
    """Customers whose values differ."""
    number = sa.func.generate_series(1, count).table_valued("n", name="numbers").render_derived().c.n
    values: dict[str, sa.ColumnElement[object]] = {
        "merchant_id": sa.literal(MERCHANT),
        "customer_id": sa.cast(number, sa.Text),
        "as_of_date": sa.literal(date(2026, 1, 1)),
        "last_order_date": sa.literal(date(2025, 1, 1)) + sa.cast(number % 300, sa.Integer),
        "order_count": number % 20,
        "net_amount": (number % 9973) * sa.literal(0.37, sa.Numeric),
        "aov_amount": (number % 997) * sa.literal(0.11, sa.Numeric),
        "currency_code": sa.literal("EUR"),
        "rfm_segment": sa.cast(number % 11, sa.Text),
        "probability_alive": (number % 1009) / sa.literal(1009.0),
        "expected_purchases": (number % 4001) / sa.literal(97.0),
        "clv_amount": (number % 7919) * sa.literal(0.13, sa.Numeric),
        "churn_probability": (number % 2003) / sa.literal(2003.0),
        "next_purchase_date": sa.literal(date(2026, 1, 1)) + sa.cast(number % 90, sa.Integer),
        "has_email_consent": number % 3 == 0,
    }
    connection.execute(sa.insert(customer_360).from_select(list(values), sa.select(*values.values())))
    connection.execute(sa.insert(previous).from_select(list(values), sa.select(*(customer_360.c[n] for n in values))))


def change(connection: sa.Connection) -> None:
    """One in a hundred has another value, one in a thousand is gone."""
    number = sa.cast(customer_360.c.customer_id, sa.BigInteger)
    raised = customer_360.c.clv_amount + 1
    connection.execute(sa.update(customer_360).where(number % 100 == 0).values(clv_amount=raised))
    connection.execute(sa.delete(customer_360).where(number % 1000 == 1))


def by_except() -> sa.Select[tuple[str]]:
    """Who is not the same in both tables, in either direction."""
    names = ("customer_id", *FIELDS)
    now = sa.select(*(customer_360.c[name] for name in names)).where(customer_360.c.merchant_id == MERCHANT)
    then = sa.select(*(previous.c[name] for name in names)).where(previous.c.merchant_id == MERCHANT)
    one, other = now.except_(then).subquery("one"), then.except_(now).subquery("other")
    return sa.union(sa.select(one.c.customer_id), sa.select(other.c.customer_id))  # type: ignore[return-value]


def by_hash() -> sa.Select[tuple[str]]:
    """Who has another hash than the one that is kept, or none."""
    current, kept = current_states(MERCHANT).subquery("current"), customer_states.alias("kept")
    both = current.join(kept, kept.c.customer_id == current.c.customer_id, full=True)
    differ = kept.c.state_hash.is_distinct_from(current.c.state_hash)
    return sa.select(sa.func.coalesce(current.c.customer_id, kept.c.customer_id)).select_from(both).where(differ)


def by_number(since: int) -> sa.Select[tuple[str]]:
    """Who has a higher number than the cursor."""
    return sa.select(customer_states.c.customer_id).where(
        customer_states.c.merchant_id == MERCHANT, customer_states.c.change_number > since
    )


def timed(work: Callable[[], set[str]], times: int = 3) -> tuple[float, set[str]]:
    """The seconds of the fastest, and what it found."""
    fastest, found = float("inf"), set[str]()
    for _ in range(times):
        began = time.perf_counter()
        found = work()
        fastest = min(fastest, time.perf_counter() - began)
    return fastest, found


def measure(url: str, count: int) -> None:
    """Print the seconds of each way."""
    migrate(url)
    engine = create_engine(url)
    with engine.begin() as connection:
        for schema in ("marts", "vault"):
            connection.execute(sa.schema.CreateSchema(schema, if_not_exists=True))
        for table in (customer_360, previous, customer_contacts, dim_customer_identities, segment_memberships):
            table.create(connection)
        fill(connection, count)
    with engine.begin() as connection:
        reconcile(connection, MERCHANT)
        since = latest_change(connection, MERCHANT)
        change(connection)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for table in (customer_360, previous, customer_states):
            connection.execute(sa.DDL(f"vacuum analyze {table.fullname}"))
        ways = {"EXCEPT both ways": by_except(), "stored hash": by_hash()}
        results = {name: timed(lambda s=s: set(connection.execute(s).scalars())) for name, s in ways.items()}  # type: ignore[misc]
    began = time.perf_counter()
    with engine.begin() as connection:
        reconcile(connection, MERCHANT)
    night = time.perf_counter() - began
    with engine.connect() as connection:
        results["change number"] = timed(lambda: set(connection.execute(by_number(since)).scalars()))
    engine.dispose()
    peer, expected = results["EXCEPT both ways"]
    print(f"{count:,} customers, {len(FIELDS)} fields, {len(expected):,} changed or gone")
    for name, (seconds, found) in results.items():
        assert found == expected, f"{name} found {len(found)} customers"
        print(f"{name:20} {seconds:8.3f} s {peer / seconds:8.1f} times as fast")
    print(f"{'reconciliation':20} {night:8.3f} s once a night, for all syncs: hashes, numbers, and who is gone")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    count = parser.parse_args().customers
    with scratch_server() as server:
        measure(server.url, count)


if __name__ == "__main__":
    main()
