from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import psycopg
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import models.activation
import models.loyalty
import models.ml
import models.ops
import models.raw  # each of these modules registers its tables in the metadata
from models.engine import create_engine
from models.errors import MisconfiguredError
from models.migration import alembic_config, current_revision, head_revision, migrate
from models.schema import DBT_SCHEMAS, metadata


def differences(connection: sa.Connection) -> list[object]:
    def is_ours(name: str | None, kind: str, parents: object) -> bool:
        return kind != "schema" or name not in {None, "public", *DBT_SCHEMAS}

    partitions = set(connection.scalars(sa.text("select relname from pg_class where relispartition")))

    def is_modelled(item: object, name: str | None, kind: str, reflected: bool, other: object) -> bool:
        return not (kind == "table" and (name == "alembic_version" or name in partitions))

    context = MigrationContext.configure(
        connection,
        opts={
            "include_schemas": True,
            "compare_type": True,
            "compare_server_default": True,
            "include_name": is_ours,
            "include_object": is_modelled,
            "version_table_schema": "ops",
        },
    )
    return list(compare_metadata(context, metadata))


def test_migrated_database_is_what_the_models_say(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        assert differences(connection) == []
        connection.execute(sa.text("alter table raw_files.orders alter column amount type numeric(10, 2)"))
        assert len(differences(connection)) == 1


def test_comments_reach_the_database(engine: sa.Engine) -> None:
    inspector = sa.inspect(engine)
    for table in metadata.tables.values():
        assert inspector.get_table_comment(table.name, schema=table.schema)["text"] == table.comment
        found = {c["name"]: c.get("comment") for c in inspector.get_columns(table.name, schema=table.schema)}
        assert found == {c.name: c.comment for c in table.columns}


def test_down_and_up_again(engine: sa.Engine, database_url: str) -> None:
    with engine.begin() as connection:
        command.downgrade(alembic_config(connection), "base")
        left = set(sa.inspect(connection).get_schema_names()) & {t.schema for t in metadata.tables.values()}
        assert left == {"ops"}
        assert sa.inspect(connection).get_table_names(schema="ops") == ["alembic_version"]
    assert migrate(database_url)
    with engine.connect() as connection:
        assert differences(connection) == []


def test_second_migration_finds_nothing_to_do(empty_database_url: str) -> None:
    assert migrate(empty_database_url)
    assert not migrate(empty_database_url)


def test_migrations_at_the_same_time_wait_for_each_other(empty_database_url: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: migrate(empty_database_url), range(4)))
    assert sorted(done) == [False, False, False, True]


def test_head_by_file_name_is_head_by_ancestry(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        script = ScriptDirectory.from_config(alembic_config(connection))
    assert script.get_current_head() == head_revision()


def test_database_of_a_newer_version_is_refused(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("update ops.alembic_version set version_num = '9999'")
        with pytest.raises(MisconfiguredError, match="newer than this Perennial's"):
            migrate(database_url)
        assert current_revision(connection) == "9999"


def test_percent_signs_and_spaces_in_a_url(warehouse_url: str, request: pytest.FixtureRequest) -> None:
    name = "pt odd %s database"
    with psycopg.connect(warehouse_url, autocommit=True) as connection:
        connection.execute('drop database if exists "pt odd %s database" with (force)')
        connection.execute('create database "pt odd %s database"')
        url = warehouse_url.rsplit("/", 1)[0] + "/pt%20odd%20%25s%20database"
        try:
            assert migrate(url)
            assert not migrate(url)
            engine = create_engine(url)
            with engine.connect() as opened:
                assert opened.scalar(sa.text("select current_database()")) == name
            engine.dispose()
        finally:
            connection.execute('drop database if exists "pt odd %s database" with (force)')


def test_latest_predictions_are_those_published_and_not_superseded(engine: sa.Engine) -> None:
    run = {
        "merchant_id": "m",
        "model_name": "bg_nbd",
        "run_id": "r",
        "as_of_date": "2020-01-01",
        "parameters": {},
        "model_card": {},
        "data_hash": "d",
        "code_hash": "c",
        "customer_count": 1,
        "fitted_at": "2020-01-01T00:00:00Z",
    }
    runs = metadata.tables["ml.model_runs"]
    predictions = metadata.tables["ml.predictions"]
    with engine.begin() as connection:
        for name, published, superseded in [
            ("old", "2020-01-01T00:00:00Z", "2020-01-02T00:00:00Z"),
            ("current", "2020-01-02T00:00:00Z", None),
            ("withheld", None, None),
        ]:
            connection.execute(
                runs.insert(), {**run, "model_run_id": name, "published_at": published, "superseded_at": superseded}
            )
            connection.execute(
                predictions.insert(),
                {
                    "merchant_id": "m",
                    "model_run_id": name,
                    "customer_id": "c",
                    "as_of_date": "2020-01-01",
                    "frequency": 1,
                    "recency_days": 1,
                    "age_days": 2,
                    "probability_alive": 0.5,
                    "expected_purchases": 1,
                    "expected_spend_amount": 1,
                    "clv_amount": 1,
                    "clv_horizon_days": 365,
                    "annual_discount_rate": 0.1,
                    "churn_probability": 0.5,
                    "churn_horizon_days": 90,
                    "currency_code": "USD",
                    "model_name": "bg_nbd",
                    "base_model_name": "bg_nbd",
                    "prediction_basis": "model",
                },
            )
        view = sa.Table("customer_lifetime_value", sa.MetaData(), schema="ml", autoload_with=connection)
        assert {c.name for c in view.columns} == {c.name for c in predictions.columns}
        assert [row.model_run_id for row in connection.execute(sa.select(view))] == ["current"]


def test_predictions_lie_in_a_partition_per_year_and_the_rest_in_one(engine: sa.Engine) -> None:
    of_day = sa.text(
        "select count(*) from pg_inherits where inhparent = cast('ml.predictions' as regclass)"
        " and cast(inhrelid as regclass) = cast(:name as regclass)"
    )
    with engine.connect() as connection:
        for name in ("ml.predictions_2026", "ml.predictions_other_years"):
            assert connection.scalar(of_day, {"name": name}) == 1


def test_what_stands_on_the_predictions_outlives_the_migration(engine: sa.Engine, database_url: str) -> None:
    """A warehouse of before has dbt's view on them, and perhaps an analyst's."""
    with engine.begin() as connection:
        command.downgrade(alembic_config(connection), "0009")
        connection.execute(sa.text("create view public.mine as select * from ml.customer_lifetime_value"))
    assert migrate(database_url)
    with engine.connect() as connection:
        assert connection.execute(sa.text("select clv_amount from public.mine")).all() == []


def test_whom_a_destination_held_before_is_held_after(engine: sa.Engine, database_url: str) -> None:
    """Of a warehouse whose fields were not kept yet; who was taken back, or is waited for, is not held."""
    held, ledger = models.activation.sent_fields, models.activation.deliveries
    key = {"merchant_id": "shop", "destination": "crm", "audience": "vip"}
    more = {"payload_hash": "h", "run_id": "r", "reserved_at": datetime(2026, 1, 5, tzinfo=UTC)}
    told = [
        *(("kept", "upsert", "accepted"), ("new", "upsert", "retry"), ("sent", "insert", "accepted")),
        *(("left", "upsert", "accepted"), ("left", "remove", "accepted"), ("left", "remove", "superseded")),
    ]
    with engine.begin() as connection:
        command.downgrade(alembic_config(connection), "0024")
        for number, (name, operation, outcome) in enumerate(told):
            row = {"customer_id": name, "operation": operation, "outcome": outcome, "action_key": str(number)}
            connection.execute(sa.insert(ledger).values({**key, **more, **row}))
        for name in ("kept", "left"):
            connection.execute(sa.insert(held).values({**key, "customer_id": name, "payload_hash": "h", "fields": {}}))
    assert migrate(database_url)
    with engine.connect() as connection:
        found = connection.execute(sa.select(held.c.customer_id, held.c.payload_hash)).all()
    assert sorted(tuple(row) for row in found) == [("kept", "h"), ("sent", "")]
