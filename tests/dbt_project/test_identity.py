"""Who is who, against people who are known: found, kept over merges and splits, and decided by hand."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from dbt_command import Dbt
from identity_truth import NOW, World, a_world, components, guest_id, insert, insert_rows, quality
from standing_project import without_views

from models import identity, ops
from models.engine import create_engine
from models.errors import StopError
from models.raw import RAW_TABLES

pytestmark = pytest.mark.slow

TRUTH, SHUFFLED, LIFE = "truth", "shuffled", "life"
TABLES = ("dim_customer_identities", "identity_links")
# What a run makes anew of identity; views over raw tables stand.
OF_A_RUN = (
    "int_identity_keys_judged", "int_identity_records_separated", "int_identity_keys_linked",
    "int_identity_records_connected", "int_identity_records_assigned", *TABLES,
)  # fmt: skip
ANN = {"store_id": "woocommerce", "customer_id": "1", "email": "ann@post.de", "first_name": "Ann", "last_name": "Lee"}
ANNS_OTHER = {
    "store_id": "shopify",
    "customer_id": "2",
    "email": "ann@work.de",
    "first_name": "Ann",
    "last_name": "Lee",
}
ANNS_LINK = {
    "store_id": "bigcommerce",
    "customer_id": "3",
    "email": "ann@post.de",
    "first_name": "Ann",
    "last_name": "Lee",
}
BOB = {"store_id": "shopify", "customer_id": "4", "email": "bob@post.de", "first_name": "Bob", "last_name": "Ray"}
BOBS = {"store_id": "woocommerce", "customer_id": "5", "email": "bob@post.de", "first_name": "Bob", "last_name": "Ray"}
CAL = {"store_id": "shopify", "customer_id": "6", "email": "cal@post.de", "first_name": "Cal", "last_name": "May"}
CALS = {"store_id": "woocommerce", "customer_id": "7", "email": "cal@work.de", "first_name": "Cal", "last_name": "May"}


@dataclass(frozen=True)
class Warehouse:
    """The module's database and dbt on it."""

    engine: sa.Engine
    dbt: Dbt

    def customers(self, merchant_id: str) -> dict[str, str]:
        table = identity.dim_customer_identities
        with self.engine.connect() as connection:
            rows = connection.execute(
                sa.select(table.c.record_id, table.c.customer_id).where(table.c.merchant_id == merchant_id)
            )
            return {row.record_id: row.customer_id for row in rows}

    def resolved(self, customer: str, merchant_id: str = LIFE) -> identity.Resolved:
        with self.engine.connect() as connection:
            return identity.find_customer(connection, merchant_id, customer)

    def next_run(self, day: int) -> None:
        with self.engine.begin() as connection:
            connection.execute(ops.merchants.update().values(as_of_date=date(2026, 1, day)))
        self.dbt("run", "--select", *OF_A_RUN)

    def decide(self, decision: str, records: list[str], others: tuple[str, ...] = ()) -> int:
        with self.engine.begin() as connection:
            return identity.decide(
                connection, merchant_id=LIFE, decision=decision, record_ids=records, other_record_ids=others,
                actor="ada", reason="they called", decided_at=NOW,
            )  # fmt: skip

    def undo(self, decision_id: int) -> None:
        with self.engine.begin() as connection:
            identity.undo(
                connection, merchant_id=LIFE, decision_id=decision_id, actor="ada", reason="wrong", decided_at=NOW
            )

    def address(self, source: str, customer_id: str, email: str) -> None:
        table = RAW_TABLES[source, "customers"]
        with self.engine.begin() as connection:
            of_life = (table.c.merchant_id == LIFE, table.c.customer_id == customer_id)
            connection.execute(table.update().where(*of_life).values(email=email))


@pytest.fixture(scope="module")
def world() -> World:
    return a_world()


@pytest.fixture(scope="module")
def warehouse(standing_warehouse_url: str, dbt_on: Callable[[str], Dbt], world: World) -> Any:
    engine = create_engine(standing_warehouse_url, application_name="perennial tests")
    with engine.begin() as connection:
        insert(connection, TRUTH, world)
        insert(connection, SHUFFLED, world, Random(7))
        insert(connection, LIFE, World(Random(1)))
        for row in (ANN, ANNS_OTHER, BOB, BOBS, CAL, CALS):
            insert_rows(connection, LIFE, row["store_id"], "customers", [row])
    found = Warehouse(engine, dbt_on(standing_warehouse_url))
    found.dbt("run", "--select", *(f"+{table}" for table in TABLES), *without_views(found.dbt))
    yield found
    engine.dispose()


def test_people_are_found_and_nobody_is_taken_for_another(
    warehouse: Warehouse, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    customers = warehouse.customers(TRUTH)
    assert customers.keys() == world.owners.keys()
    precision, recall, pairs = quality(world, customers)
    with capsys.disabled():
        sys.stdout.write(f"\nidentity: precision {precision:.4f}, recall {recall:.4f}, of {pairs} pairs\n")
    assert precision == 1.0
    # What is missing is the mistyped addresses, which nothing but a guess would find.
    assert 0.85 <= recall < 1.0
    # One that finds nobody, or everybody, would not pass.
    alone = quality(world, {record: record for record in customers} | {"shopify:1": guest_id("woocommerce", "x")})
    assert quality(world, dict.fromkeys(customers, "one"))[0] < 0.1
    assert alone[1] < 0.1


def test_components_are_those_of_an_independent_union_find(warehouse: Warehouse, world: World) -> None:
    groups: dict[str, set[str]] = {}
    for record, customer in warehouse.customers(TRUTH).items():
        groups.setdefault(customer, set()).add(record)
    assert {frozenset(records) for records in groups.values()} == components(world)
    assert all(customer in records for customer, records in groups.items())


def test_the_order_in_which_records_come_makes_no_difference(warehouse: Warehouse) -> None:
    assert warehouse.customers(SHUFFLED) == warehouse.customers(TRUTH)


def test_keys_that_are_left_out_say_why(warehouse: Warehouse) -> None:
    with warehouse.engine.connect() as connection:
        query = sa.text(
            "select left_out_reason, count(*) as key_count from intermediate.int_identity_keys_judged"
            " where merchant_id = 'truth' and left_out_reason is not null group by left_out_reason"
        )
        reasons = {row.left_out_reason: row.key_count for row in connection.execute(query)}
    assert reasons == {"role_address": 48, "relay_domain": 24, "placeholder": 48, "shared_by_accounts": 15}


def test_no_table_holds_an_address_a_number_or_a_name(warehouse: Warehouse, standing_warehouse_url: str) -> None:
    with psycopg.connect(standing_warehouse_url) as connection:
        for table in ("intermediate.int_identity_keys_judged", "intermediate.int_identity_records_assigned",
                      "marts.dim_customer_identities", "marts.identity_links"):  # fmt: skip
            schema, name = table.split(".")
            query = psycopg.sql.SQL("select lower(string_agg(t::text, ' ')) from {} as t")
            text = connection.execute(query.format(psycopg.sql.Identifier(schema, name))).fetchone()
            assert text is not None
            assert not any(word in text[0] for word in ("@", "+49", "given1", "family")), table


def test_ids_stay_with_people_through_merges_splits_and_decisions(warehouse: Warehouse) -> None:
    assert warehouse.customers(LIFE) == {
        "woocommerce:1": "woocommerce:1", "shopify:2": "shopify:2", "shopify:4": "shopify:4",
        "woocommerce:5": "shopify:4", "shopify:6": "shopify:6", "woocommerce:7": "woocommerce:7",
    }  # fmt: skip
    # A second run from the same rows changes nothing.
    before = [warehouse.resolved(c) for c in ("woocommerce:1", "shopify:4")]
    joined = warehouse.decide("join", ["shopify:6", "woocommerce:7"])
    parted = warehouse.decide("separate", ["woocommerce:5"], ("shopify:4",))
    with warehouse.engine.begin() as connection:
        insert_rows(connection, LIFE, "bigcommerce", "customers", [ANNS_LINK])
    warehouse.address("shopify", "2", "ann@post.de")
    warehouse.next_run(2)
    # Ann's two customers are one: an old id stays, the other one stands for it from that day on.
    ann = warehouse.resolved("shopify:2")
    assert {record.record_id for record in ann.records} == {"bigcommerce:3", "shopify:2", "woocommerce:1"}
    assert ann.customer_id in {"shopify:2", "woocommerce:1"}
    (moved,) = (r for r in ann.records if r.previous_customer_ids)
    assert moved.previous_customer_ids == (moved.record_id,)
    assert moved.since_date == date(2026, 1, 2)
    assert {link["key_kind"] for link in ann.links} == {"email"}
    assert len(ann.links) == 2
    # Decisions hold: Cal is one, Bob are two, and the part with the id's own record keeps the id.
    assert warehouse.resolved("woocommerce:7").customer_id == "shopify:6"
    assert [d["decision_id"] for d in warehouse.resolved("shopify:6").decisions] == [joined]
    assert warehouse.resolved("woocommerce:5").customer_id == "woocommerce:5"
    assert warehouse.resolved("shopify:4").customer_id == "shopify:4"

    # Nobody is put back by running again.
    warehouse.next_run(3)
    assert warehouse.resolved("shopify:2") == ann

    # Undone; and Ann's accounts part again, each with the id that it had.
    warehouse.undo(joined)
    warehouse.undo(parted)
    with pytest.raises(StopError, match="undone before"):
        warehouse.undo(parted)
    warehouse.address("shopify", "2", "ann@work.de")
    with warehouse.engine.begin() as connection:
        table = RAW_TABLES["bigcommerce", "customers"]
        connection.execute(table.update().where(table.c.merchant_id == LIFE).values(is_deleted=True))
    warehouse.next_run(4)
    found = warehouse.customers(LIFE)
    assert (found["shopify:2"], found["woocommerce:1"]) == ("shopify:2", "woocommerce:1")
    assert (found["shopify:6"], found["woocommerce:7"]) == ("shopify:6", "woocommerce:7")
    assert (found["shopify:4"], found["woocommerce:5"]) == ("shopify:4", "shopify:4")
    # Who is gone is remembered with the customer they were of.
    gone = next(r for r in warehouse.resolved(found["bigcommerce:3"]).records if r.record_id == "bigcommerce:3")
    assert not gone.is_present
    assert [r.record_id for r in before[1].records] == ["shopify:4", "woocommerce:5"]
