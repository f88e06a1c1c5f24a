"""What tables were built from: entered for every merchant, kept with the model run, and restored to the last digit."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from landing_samples import archive_and_land, order, page

from models import bookkeeping, ops
from models.built_merchants import (
    ModelRunInputs,
    StorePosition,
    forget_built_merchants,
    record_built_merchants,
    restore_declarations,
)
from models.engine import create_engine
from models.migration import migrate
from models.ml import model_runs
from models.registry import model_run, model_runs_named, register_model_run
from models.roles import LOADER, TRANSFORMER

NOW = datetime(2026, 1, 14, 1, tzinfo=UTC)
RATE = Decimal("1234567890.12345678")
DECLARATIONS = ("merchants", "exchange_rates")


def declare(engine: sa.Engine, *, rate: Decimal = RATE) -> None:
    merchants = [
        bookkeeping.Merchant(name, f"Shop {name}", "Europe/Berlin", "EUR", date(2026, 1, 13), True) for name in "mn"
    ]
    rates = [
        bookkeeping.ExchangeRate("m", "USD", date(2020, 1, 1), rate),
        bookkeeping.ExchangeRate("m", "CHF", date(2020, 1, 1), Decimal("0.9")),
    ]
    with engine.begin() as connection:
        bookkeeping.set_merchants(connection, merchants, rates, run_id="r", updated_at=NOW)


def record(engine: sa.Engine, run_id: str = "night-1") -> None:
    with engine.begin() as connection:
        record_built_merchants(
            connection, DECLARATIONS, run_id=run_id, built_at=NOW, project_digest="p1", versions={"duckdb": "2"}
        )


def register(engine: sa.Engine, merchant_id: str = "m", model_run_id: str = "abc") -> bool:
    with engine.begin() as connection:
        return register_model_run(
            connection,
            merchant_id=merchant_id,
            model_run_id=model_run_id,
            model_name="bg_nbd",
            as_of_date=date(2026, 1, 13),
            parameters={},
            model_card={},
            data_hash="",
            code_hash="",
            customer_count=1,
            run_id="r",
            fitted_at=NOW,
            base_model_name="bg_nbd",
            prediction_basis="model",
            incumbent_run_id=None,
            thread_count=1,
        )


def inputs(engine: sa.Engine, merchant_id: str = "m") -> Any:
    with engine.connect() as connection:
        return connection.scalar(sa.select(model_runs.c.inputs).where(model_runs.c.merchant_id == merchant_id))


@pytest.fixture
def shop(database_url: str, engine: sa.Engine, tmp_path: Any) -> Iterator[sa.Engine]:
    """A merchant with two landed batches and one that waits, and another without any; as the pipeline's own roles."""
    archive_and_land(engine, tmp_path, [page([order("1")])], fingerprint="a")
    archive_and_land(engine, tmp_path, [page([order("1"), order("2")])], fingerprint="b")
    declare(engine)
    with engine.begin() as connection:
        waiting = {"merchant_id": "m", "store_id": "s", "source": "files", "mode": "snapshot", "fingerprint": "c"}
        books = {"cursor": {}, "row_counts": {}, "rejected_count": 0, "archived_at": NOW}
        connection.execute(ops.archive_batches.insert().values(batch_id="waiting", **waiting, **books))
    loader = create_engine(database_url, role=LOADER)
    yield loader
    loader.dispose()


def test_what_a_merchants_tables_were_built_from_is_kept_with_its_model_run(
    shop: sa.Engine, engine: sa.Engine, database_url: str
) -> None:
    record(shop)
    transformer = create_engine(database_url, role=TRANSFORMER)
    assert register(transformer)
    transformer.dispose()
    with engine.connect() as connection:
        landed = sa.select(sa.func.max(ops.archive_batches.c.batch_number)).where(
            ops.archive_batches.c.landed_at.is_not(None)
        )
        last = connection.execute(landed).scalar_one()
    kept = ModelRunInputs.of(inputs(engine))
    assert (kept.run_id, kept.project_digest) == ("night-1", "p1")
    assert kept.stores == (StorePosition("s", "files", last, 2),)
    assert kept.versions.keys() == {"duckdb", "postgresql"}
    assert [row["time_zone"] for row in kept.declared["merchants"]] == ["Europe/Berlin"]
    assert {row["currency_code"] for row in kept.declared["exchange_rates"]} == {"USD", "CHF"}


def test_a_merchant_without_stores_or_rates_has_none(shop: sa.Engine, engine: sa.Engine) -> None:
    record(shop)
    register(engine, "n")
    kept = ModelRunInputs.of(inputs(engine, "n"))
    assert kept.stores == ()
    assert kept.declared.keys() == {"merchants"}


def test_later_builds_change_no_model_run_and_none_knows_what_is_being_built(
    shop: sa.Engine, engine: sa.Engine
) -> None:
    record(shop)
    register(engine)
    record(shop, "night-2")
    assert not register(engine)
    assert inputs(engine)["run_id"] == "night-1"
    with shop.begin() as connection:
        forget_built_merchants(connection)
    register(engine, model_run_id="def")
    with engine.connect() as connection:
        run = model_run(connection, "m", "def")
    assert run is not None
    assert run.inputs is None


def test_a_run_from_before_learns_its_inputs_when_it_is_arrived_at_again(shop: sa.Engine, engine: sa.Engine) -> None:
    register(engine)
    assert inputs(engine) is None
    record(shop)
    assert not register(engine)
    assert inputs(engine)["run_id"] == "night-1"


def test_declarations_come_back_to_the_last_digit_whatever_is_declared_since(
    shop: sa.Engine, engine: sa.Engine, empty_database_url: str
) -> None:
    record(shop)
    register(engine)
    tables = [getattr(ops, name) for name in DECLARATIONS]

    def rows(connection: sa.Connection) -> list[Any]:
        return [
            row
            for table in tables
            for row in connection.execute(
                sa.select(table).where(table.c.merchant_id == "m").order_by(*table.primary_key)
            ).all()
        ]

    with engine.connect() as connection:
        then = rows(connection)
    declare(engine, rate=Decimal(2))
    migrate(empty_database_url)
    other = create_engine(empty_database_url)
    with engine.connect() as connection, other.begin() as scratch:
        restore_declarations(connection, scratch, "m", "abc")
        assert rows(scratch) == then
        assert {row.rate for row in then if hasattr(row, "rate")} == {RATE, Decimal("0.9")}
    other.dispose()


def test_what_is_kept_is_plain_json(shop: sa.Engine, engine: sa.Engine) -> None:
    record(shop)
    register(engine)
    assert json.loads(json.dumps(inputs(engine))) == inputs(engine)


def test_runs_are_found_by_how_their_ids_begin(engine: sa.Engine) -> None:
    for merchant, name in (("m", "abc"), ("m", "abd"), ("n", "a%c")):
        register(engine, merchant, name)
    with engine.connect() as connection:
        assert [run.model_run_id for run in model_runs_named(connection, "abd", None)] == ["abd"]
        assert len(model_runs_named(connection, "a", None)) == 2
        assert [run.merchant_id for run in model_runs_named(connection, "a", "n")] == ["n"]
        assert [run.model_run_id for run in model_runs_named(connection, "a%", None)] == ["a%c"]
        assert model_runs_named(connection, "x", None) == []
        assert model_run(connection, "m", "ab") is None
