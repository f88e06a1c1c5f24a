"""A deployment: its secret, its references, what it tells the processes that it starts, and the day of a run."""

import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
import sqlalchemy as sa
from database_urls import url_of_user

from models import roles
from models.errors import MisconfiguredError
from orchestration import deployment as deployments
from orchestration.deployment import Deployment, export_environment, open_deployment, warehouse_url
from orchestration.references import references
from orchestration.settings import Settings

NOON = datetime(2026, 1, 14, 12, tzinfo=UTC)
PASSWORD = "p@ss/w:rd%41 #?&='\"{{ x }}"


@pytest.fixture
def exported(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment that child processes would get."""
    environment = os.environ.copy()
    monkeypatch.setattr("os.environ", environment)
    return environment


def test_the_receivers_secret_is_made_once_and_is_its_owners(settings: Settings) -> None:
    plain = replace(settings, references={})
    first = references(plain)
    path = settings.home / "receiver-secret"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(first["PERENNIAL_RECEIVER_SECRET"]) == 64
    assert references(plain) == first
    other = references(replace(plain, home=settings.home / "other"))
    assert other["PERENNIAL_RECEIVER_SECRET"] != first["PERENNIAL_RECEIVER_SECRET"]


def test_the_environment_wins_over_what_is_made_up(settings: Settings) -> None:
    chosen = references(
        replace(settings, references={"PERENNIAL_RECEIVER_SECRET": "mine", "CRM": "x"}, receiver_port=99)
    )
    assert chosen["PERENNIAL_RECEIVER_SECRET"] == "mine"
    assert chosen["CRM"] == "x"
    assert chosen["PERENNIAL_RECEIVER_URL"] == "http://127.0.0.1:99/deliveries"


def test_the_shipped_declarations_need_no_environment(settings: Settings) -> None:
    opened = Deployment(replace(settings, references={}), "")
    assert [merchant.merchant_id for merchant in opened.merchants([])] == ["cdnow"]
    assert opened.merchants(["cdnow"]) == opened.merchants([])
    with pytest.raises(MisconfiguredError, match="no merchant 'gone' is declared; there are: cdnow"):
        opened.merchants(["cdnow", "gone"])


def test_the_day_is_what_was_asked_for_else_what_is_declared(settings: Settings) -> None:
    opened = Deployment(settings, "")
    (merchant,) = opened.merchants([])
    assert opened.as_of(merchant, None, NOON) == date(1998, 6, 30)
    assert opened.as_of(merchant, date(1998, 1, 1), NOON) == date(1998, 1, 1)


@pytest.mark.parametrize(
    ("time_zone", "at", "day"),
    [
        ("UTC", NOON, date(2026, 1, 13)),
        ("Pacific/Auckland", NOON, date(2026, 1, 14)),  # where the fourteenth is over already
        ("America/Los_Angeles", NOON.replace(hour=7), date(2026, 1, 12)),  # where it has not begun yet
        ("Asia/Kolkata", NOON.replace(hour=18, minute=29), date(2026, 1, 13)),
        ("Asia/Kolkata", NOON.replace(hour=18, minute=30), date(2026, 1, 14)),
    ],
)
def test_a_run_of_no_day_describes_the_last_one_that_is_over_in_the_merchants_zone(
    settings: Settings, time_zone: str, at: datetime, day: date
) -> None:
    (merchant,) = Deployment(settings, "").merchants([])
    open_history = merchant.model_copy(update={"as_of_date": None, "time_zone": time_zone})
    assert Deployment.as_of(open_history, None, at) == day


# An external warehouse.


@pytest.fixture
def awkward_url(database_url: str) -> Iterator[str]:
    """The URL of an owner whose password holds every character that means something in a URL."""
    name = f"owner_{os.getpid()}"
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f"drop role if exists {name}")
        connection.execute(
            psycopg.sql.SQL("create role {} login superuser password {}").format(
                psycopg.sql.Identifier(name), psycopg.sql.Literal(PASSWORD)
            )
        )
    yield url_of_user(database_url, name, quote(PASSWORD, safe="")) + "?connect_timeout=5&application_name=mine"
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f"drop owned by {name}")
        connection.execute(f"drop role {name}")


def test_passwords_and_parameters_reach_dbt_and_dagster_unharmed(
    settings: Settings, awkward_url: str, exported: dict[str, str]
) -> None:
    export_environment(settings, awkward_url)
    assert exported["PERENNIAL_DBT_PASSWORD"] == PASSWORD
    with psycopg.connect(
        host=exported["PERENNIAL_DBT_HOST"],
        port=exported["PERENNIAL_DBT_PORT"],
        user=exported["PERENNIAL_DBT_USER"],
        password=exported["PERENNIAL_DBT_PASSWORD"],
        dbname=exported["PERENNIAL_DBT_DATABASE"],
    ) as connection:
        assert connection.info.user.startswith("owner_")
    # As Dagster connects: through SQLAlchemy and psycopg2.
    engine = sa.create_engine(exported["PERENNIAL_DAGSTER_URL"].replace("postgresql://", "postgresql+psycopg2://"))
    with engine.connect() as connection:
        assert connection.scalar(sa.text("show search_path")) == "dagster"
        assert connection.scalar(sa.text("show application_name")) == "mine"
    engine.dispose()


def test_dagsters_instance_is_configured_in_the_home(
    settings: Settings, database_url: str, exported: dict[str, str]
) -> None:
    export_environment(settings, database_url)
    home = Path(exported["DAGSTER_HOME"])
    assert home == settings.home.resolve() / "dagster"
    written = (Path(str(deployments.__file__)).parent / "dagster.yaml").read_text(encoding="utf-8")
    (home / "dagster.yaml").write_text("telemetry: {enabled: true}")
    export_environment(settings, database_url)
    assert (home / "dagster.yaml").read_text(encoding="utf-8") == written
    assert exported["DO_NOT_TRACK"] == "1"
    assert Path(exported["DBT_TARGET_PATH"]).is_relative_to(settings.home.resolve())


def test_opening_brings_an_empty_warehouse_up_to_date(
    settings: Settings, empty_database_url: str, exported: dict[str, str]
) -> None:
    opened = open_deployment(replace(settings, warehouse_url=empty_database_url))
    with opened.loader.connect() as connection:
        assert sa.inspect(connection).has_table("orders", schema="raw_files")
        assert connection.scalar(sa.text("select current_user")) == roles.LOADER
    opened.loader.dispose()
    with opened.transformer.connect() as connection:
        assert connection.scalar(sa.text("select current_user")) == roles.TRANSFORMER
    opened.transformer.dispose()


def test_an_external_warehouses_url_is_the_owners_as_given(settings: Settings) -> None:
    external = replace(settings, warehouse_url="postgresql://me@db.example.com/warehouse")
    assert warehouse_url(external, "owner") == external.warehouse_url
    with pytest.raises(MisconfiguredError, match="alter role perennial_reader login password"):
        warehouse_url(external, "reader")


def test_a_url_of_another_kind_is_refused_without_repeating_it(settings: Settings) -> None:
    with pytest.raises(MisconfiguredError, match="PERENNIAL_WAREHOUSE_URL") as caught:
        open_deployment(replace(settings, warehouse_url="mysql://me:hunter2@db/warehouse"))
    assert "hunter2" not in str(caught.value)
