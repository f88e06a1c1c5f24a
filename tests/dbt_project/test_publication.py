"""What is published, run after run: each merchant as a whole, withheld ones not at all, the same from the same data."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from dbt_command import Dbt
from dbt_histories import LOADED_AT, MERCHANTS, Row, fill, raw_rows
from standing_project import without_views

from models import ml, ops
from models.engine import create_engine
from models.raw import RAW_TABLES

pytestmark = pytest.mark.slow

BOOKS, CHAI, KIMONO = MERCHANTS
TABLES = (
    "intermediate.int_orders_unified", "intermediate.int_purchase_days_aggregated",
    "intermediate.int_refunds_attributed", "marts.cohort_retention", "marts.cohort_revenue", "marts.customer_360",
    "marts.customer_rfm", "marts.dim_customers", "marts.fct_orders", "marts.fct_refunds", "vault.customer_contacts",
)  # fmt: skip


@dataclass(frozen=True)
class Warehouse:
    """The database of this module, as a run's other steps would change it."""

    url: str

    def execute(self, *statements: Any) -> None:
        engine = create_engine(self.url, application_name="perennial tests")
        try:
            with engine.begin() as connection:
                for statement in statements:
                    connection.execute(statement)
        finally:
            engine.dispose()

    def rows(self, table: str) -> list[tuple[Any, ...]]:
        schema, name = table.split(".")
        with psycopg.connect(self.url) as connection:
            query = psycopg.sql.SQL("select * from {} order by 1, 2, 3, 4").format(psycopg.sql.Identifier(schema, name))
            return connection.execute(query).fetchall()

    def published(self) -> dict[str, list[tuple[Any, ...]]]:
        """The rows of customer_360 by merchant."""
        found: dict[str, list[tuple[Any, ...]]] = {}
        for row in self.rows("marts.customer_360"):
            found.setdefault(row[0], []).append(row)
        return found

    def predict(self, merchant_id: str, model_run_id: str, as_of_date: date) -> None:
        """Publish predictions for every customer with a purchase day; all but the amounts is the same for everybody."""
        run = {"merchant_id": merchant_id, "model_run_id": model_run_id, "as_of_date": as_of_date}
        days = self.rows("intermediate.int_purchase_days_aggregated")
        predictions = [
            {
                **run,
                "customer_id": customer_id,
                "frequency": 1,
                "recency_days": 1.0,
                "age_days": 2.0,
                "probability_alive": 0.5,
                "expected_purchases": 1.5,
                "expected_spend_amount": Decimal(10),
                "clv_amount": Decimal(int(customer_id[1:]) % 20),
                "clv_horizon_days": 365,
                "annual_discount_rate": 0.1,
                "churn_probability": 0.5,
                "churn_horizon_days": 90,
                "model_name": "bg_nbd",
                "base_model_name": "bg_nbd",
                "prediction_basis": "model",
                "currency_code": next(m.currency_code for m in MERCHANTS if m.merchant_id == merchant_id),
            }
            for customer_id in sorted({row[1] for row in days if row[0] == merchant_id})
        ]
        card = {
            "run_id": model_run_id,
            "model_name": "bg_nbd",
            "parameters": {},
            "model_card": {},
            "data_hash": "-",
            "code_hash": "-",
        }
        counts = {"customer_count": len(predictions), "fitted_at": LOADED_AT, "published_at": LOADED_AT}
        superseded = ml.model_runs.update().where(ml.model_runs.c.merchant_id == merchant_id)
        self.execute(
            superseded.values(superseded_at=LOADED_AT),
            ml.model_runs.insert().values({**run, **card, **counts}),
            ml.predictions.insert().values(predictions),
        )


@dataclass(frozen=True)
class History:
    """What the tables held after each run."""

    first: dict[str, list[tuple[Any, ...]]]
    first_tables: dict[str, list[tuple[Any, ...]]]
    repeated_tables: dict[str, list[tuple[Any, ...]]]
    withheld: dict[str, list[tuple[Any, ...]]]
    full_refreshed: dict[str, list[tuple[Any, ...]]]
    released: dict[str, list[tuple[Any, ...]]]
    from_nothing: dict[str, list[tuple[Any, ...]]]
    departed: dict[str, list[tuple[Any, ...]]]
    unconverted_statuses: dict[str, Any]
    unconverted: list[tuple[Any, ...]]


def later(days: int) -> list[Any]:
    moved = ops.merchants.c.as_of_date + days
    return [ops.merchants.update().values(as_of_date=moved)]


def one_order(merchant_id: str, order_id: str, **values: Any) -> Any:
    row: Row = {
        "merchant_id": merchant_id,
        "store_id": "web",
        "order_id": order_id,
        "customer_id": "c1",
        "ordered_at": LOADED_AT.replace(year=2023, month=6),
        "amount": Decimal(1000),
        "currency_code": "USD",
        "is_generated_id": False,
        "content_hash": "-",
        "batch_id": "-",
        "loaded_at": LOADED_AT,
    }
    return RAW_TABLES["files", "orders"].insert().values({**row, **values})


@pytest.fixture(scope="module")
def history(standing_warehouse_url: str, dbt_on: Callable[[str], Dbt]) -> History:
    url = standing_warehouse_url
    warehouse, dbt = Warehouse(url), dbt_on(url)
    others = without_views(dbt)
    merchants = ops.merchants
    counts = {BOOKS: 60, CHAI: 50}
    fill(url, {m: raw_rows(m, customers=count, seed=5) for m, count in counts.items()})
    dbt("run", "--select", "tag:before_ml", *others)
    for merchant in counts:
        warehouse.predict(merchant.merchant_id, "run-1", merchant.as_of_date)
    dbt("run", "--select", "tag:after_ml", *others)
    first, first_tables = warehouse.published(), {table: warehouse.rows(table) for table in TABLES}

    dbt("run", *others)
    repeated_tables = {table: warehouse.rows(table) for table in TABLES}

    # Ten days later: everybody has sold, chai's publish is withheld, and kimono is new.
    fill(url, {KIMONO: raw_rows(KIMONO, customers=6, seed=6)})
    warehouse.execute(
        *later(10),
        one_order("books", "new"),
        one_order("chai", "new"),
        merchants.update().where(merchants.c.merchant_id == "chai").values(withheld_reasons=["a failed check"]),
    )
    warehouse.predict("books", "run-2", BOOKS.as_of_date + timedelta(days=10))
    dbt("run", *others)
    withheld = warehouse.published()
    dbt("run", "--full-refresh", "--select", "customer_360")
    full_refreshed = warehouse.published()

    warehouse.execute(merchants.update().where(merchants.c.merchant_id == "chai").values(withheld_reasons=[]))
    dbt("run", "--select", "customer_360")
    released = warehouse.published()
    with psycopg.connect(url) as connection:
        connection.execute("drop table marts.customer_360")
    dbt("run", "--select", "customer_360")
    from_nothing = warehouse.published()

    # kimono is no longer declared, chai's records are all gone, and books sells in a currency without a rate.
    gone = [
        RAW_TABLES["files", stream].update().where(RAW_TABLES["files", stream].c.merchant_id == "chai")
        for stream in ("orders", "order_lines", "refunds", "customers")
    ]
    warehouse.execute(
        merchants.delete().where(merchants.c.merchant_id == "kimono"),
        *(statement.values(is_deleted=True) for statement in gone),
        one_order("books", "unconverted", currency_code="GBP"),
    )
    dbt("run", *others)
    departed = warehouse.published()
    statuses = dbt("test", "--select", "tag:before_ml", "--exclude", "tag:after_ml", expect_failure=True)
    return History(
        first=first,
        first_tables=first_tables,
        repeated_tables=repeated_tables,
        withheld=withheld,
        full_refreshed=full_refreshed,
        released=released,
        from_nothing=from_nothing,
        departed=departed,
        unconverted_statuses=statuses,
        unconverted=warehouse.rows("dbt_checks.assert_exchange_rates_cover_every_day"),
    )


def test_the_first_run_publishes_everybody_with_predictions(history: History) -> None:
    assert set(history.first) == {"books", "chai"}
    assert len(history.first["books"]) > 50
    assert {row[-1] for row in history.first["books"]} == {"run-1", None}


def test_a_second_run_changes_nothing(history: History) -> None:
    assert all(history.first_tables.values())
    for table, rows in history.first_tables.items():
        assert history.repeated_tables[table] == rows, table


def test_a_withheld_merchant_keeps_its_last_good_rows_while_others_are_replaced(history: History) -> None:
    assert history.withheld["chai"] == history.first["chai"]
    assert {row[2] for row in history.withheld["books"]} == {BOOKS.as_of_date + timedelta(days=10)}
    assert {row[-1] for row in history.withheld["books"]} == {"run-2", None}
    assert len(history.withheld["kimono"]) >= 6


def test_a_full_refresh_spares_what_exists_nowhere_else(history: History) -> None:
    assert history.full_refreshed == history.withheld


def test_a_released_merchant_is_published_again(history: History) -> None:
    assert {row[2] for row in history.released["chai"]} == {CHAI.as_of_date + timedelta(days=10)}
    assert history.released["chai"] != history.first["chai"]
    assert history.released["books"] == history.withheld["books"]


def test_incremental_runs_end_where_a_build_from_nothing_does(history: History) -> None:
    assert set(history.from_nothing) == {"books", "chai", "kimono"}
    assert history.from_nothing == history.released


def test_merchants_without_customers_or_declaration_leave(history: History) -> None:
    assert set(history.departed) == {"books"}


def test_a_currency_without_a_rate_fails_with_its_merchant(history: History) -> None:
    failed = {name for name, status in history.unconverted_statuses.items() if status != "pass"}
    assert failed == {"assert_exchange_rates_cover_every_day"}
    assert [(row[0], row[1], row[2], row[5]) for row in history.unconverted] == [("books", "USD", "GBP", 1)]
