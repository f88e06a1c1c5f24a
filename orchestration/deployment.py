"""A deployment opened for work: its settings, its declarations, and a warehouse that is running and migrated.

The `perennial` command and Dagster's resources share it. It is the one place that starts the embedded server, gives
child processes (dbt, Dagster's) their addresses, and holds the clock.
"""

import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Self
from urllib.parse import quote
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from psycopg.conninfo import conninfo_to_dict

from activation.delivery import Pace
from connectors.destination import Destination
from connectors.destinations import build_destination
from models import roles
from models.embedded import EmbeddedServer, EmbeddedSettings
from models.engine import connect, create_engine, libpq_url
from models.errors import MisconfiguredError
from models.migration import migrate
from orchestration.configuration import Configuration, Merchant, load_configuration
from orchestration.customer_directory import WarehouseDirectory
from orchestration.references import references
from orchestration.settings import Settings

DAGSTER_SCHEMA = "dagster"


def read_configuration(settings: Settings) -> Configuration:
    """The declarations in force; a destination that cannot be used is an error only of what is sent to it.

    Raises:
        MisconfiguredError: Names the key of `perennial.yml` that is wrong.
    """
    return load_configuration(settings.config_path, references(settings), sets_faults_aside=True)


def embedded_server(settings: Settings) -> EmbeddedServer:
    """The embedded server of a deployment, started or not."""
    return EmbeddedServer(EmbeddedSettings(home=settings.home, server_user=settings.server_user))


@dataclass(frozen=True)
class Deployment:
    """What a run, a command or a sensor works with.

    Attributes:
        settings: What the environment says.
        owner_url: The warehouse as its owner sees it, as a libpq URL with its password.
        clock: The only source of "now"; everything inside is handed times.
    """

    settings: Settings
    owner_url: str = field(repr=False)
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections that were opened; the embedded server stays up."""
        for name in ("loader", "transformer", "reader"):
            if name in self.__dict__:
                getattr(self, name).dispose()

    @cached_property
    def configuration(self) -> Configuration:
        """The declarations in force, read once."""
        return read_configuration(self.settings)

    @cached_property
    def loader(self) -> sa.Engine:
        """Connections that may write raw tables and `ops`."""
        return create_engine(self.owner_url, role=roles.LOADER)

    @cached_property
    def transformer(self) -> sa.Engine:
        """Connections that may write what is derived: dbt's schemas, `ml` and `activation`."""
        return create_engine(self.owner_url, role=roles.TRANSFORMER)

    @cached_property
    def reader(self) -> sa.Engine:
        """Connections that see the marts and nothing else."""
        return create_engine(self.owner_url, role=roles.READER)

    @property
    def archive_root(self) -> Path:
        """The folder of the archive."""
        return self.settings.home / "archive"

    @property
    def dbt_target(self) -> Path:
        """Where dbt's artefacts go."""
        return self.settings.home.resolve() / "dbt"

    @property
    def config_folder(self) -> Path:
        """What relative paths in `perennial.yml` are relative to."""
        return self.settings.config_path.parent

    @property
    def pace(self) -> Pace:
        """How patient deliveries are."""
        return Pace(clock=self.clock, sleep=time.sleep, jitter=random.random)

    def destination(self, name: str) -> Destination:
        """The destination of that name, built.

        Raises:
            MisconfiguredError: It is not declared, or cannot be used as it is declared.
        """
        declared = self.configuration.destination(name)
        return build_destination(
            declared, self.config_folder, self.configuration.destinations, WarehouseDirectory(self.transformer)
        )

    def merchants(self, merchant_ids: list[str]) -> list[Merchant]:
        """The merchants of a run: those named, or all that are declared."""
        if not merchant_ids:
            return list(self.configuration.merchants)
        return [self.configuration.merchant(merchant_id) for merchant_id in merchant_ids]

    @staticmethod
    def as_of(merchant: Merchant, asked: date | None, started_at: datetime) -> date:
        """The last day that a run describes for a merchant.

        Args:
            merchant: The merchant.
            asked: The day that was asked for, if one was.
            started_at: When the run was asked for, aware.

        Returns:
            What was asked for, else what is declared, else the last day that was over then in the merchant's own zone.
        """
        return asked or merchant.as_of_date or last_complete_day(merchant.time_zone, started_at)


def last_complete_day(time_zone: str, at: datetime) -> date:
    """The last day that was over in a zone at an instant."""
    return at.astimezone(ZoneInfo(time_zone)).date() - timedelta(days=1)


def open_deployment(settings: Settings) -> Deployment:
    """Start the embedded server where one is used, bring the warehouse up to date, and tell child processes.

    Raises:
        PerennialError: The server does not start, the warehouse cannot be reached, or the rights are missing.
    """
    if settings.warehouse_url is not None:
        owner_url = _plain_url(settings.warehouse_url)
        migrate(owner_url)
    else:
        server = embedded_server(settings)
        owner_url = server.start()
        if migrate(owner_url):
            _enable_reader(owner_url, server.role_password(roles.READER))
    export_environment(settings, owner_url)
    return Deployment(settings, owner_url)


def _plain_url(url: str) -> str:
    """The URL in the one spelling that libpq, dbt and Dagster all understand."""
    return "postgresql://" + libpq_url(url).partition("://")[2]


def warehouse_url(settings: Settings, role: str) -> str:
    """The warehouse's libpq URL for the owner, or for the role that BI tools log in with.

    Raises:
        MisconfiguredError: An external warehouse's reader is its administrator's to give a password to.
    """
    if settings.warehouse_url is None:
        open_deployment(settings)
        return embedded_server(settings).url(user="perennial" if role == "owner" else roles.READER)
    if role == "owner":
        return _plain_url(settings.warehouse_url)
    raise MisconfiguredError(
        "PERENNIAL_WAREHOUSE_URL",
        f"points at a server of your own: let {roles.READER} log in there "
        f"(alter role {roles.READER} login password '...') and put that user into the URL",
    )


def child_environment(owner_url: str) -> dict[str, str]:
    """The environment of a process that works on another database than this process's own."""
    return {**os.environ, **_dbt_environment(owner_url)}


@contextmanager
def told_to_children(name: str, value: str) -> Iterator[None]:
    """A variable of the environment, for the processes that the block starts."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def _dbt_environment(owner_url: str) -> dict[str, str]:
    """What dbt is told of a database."""
    parts = conninfo_to_dict(owner_url)
    return {
        "PERENNIAL_DBT_HOST": str(parts.get("host") or "127.0.0.1"),
        "PERENNIAL_DBT_PORT": str(parts.get("port") or 5432),
        "PERENNIAL_DBT_USER": str(parts.get("user") or ""),
        "PERENNIAL_DBT_PASSWORD": str(parts.get("password") or ""),
        "PERENNIAL_DBT_DATABASE": str(parts.get("dbname") or ""),
        "PERENNIAL_DBT_SSLMODE": str(parts.get("sslmode") or "prefer"),
        "PERENNIAL_DBT_SSLROOTCERT": str(parts.get("sslrootcert") or ""),
    }


def export_environment(settings: Settings, owner_url: str) -> None:
    """Tell the processes that this one starts (dbt, Dagster's) where the warehouse is, and to keep quiet abroad."""
    dagster_home = settings.home.resolve() / "dagster"
    separator = "&" if "?" in owner_url else "?"
    # A run's two thousand events need not each wait for the disk: whatever the pipeline itself commits after them makes
    # them durable too.
    dagster_options = quote(f"-csearch_path={DAGSTER_SCHEMA} -csynchronous_commit=off")
    os.environ.update(
        {
            **_dbt_environment(owner_url),
            "PERENNIAL_DAGSTER_URL": f"{owner_url}{separator}options={dagster_options}",
            "DAGSTER_HOME": str(dagster_home),
            "DBT_TARGET_PATH": str(settings.home.resolve() / "dbt"),
            "DBT_LOG_PATH": str(settings.home.resolve() / "dbt" / "logs"),
            "DO_NOT_TRACK": "1",
            "PYTHONWARNINGS": "ignore",
        }
    )
    for folder in (settings.home / "archive", settings.home / "dbt", dagster_home):
        # Records as they were read, SQL's logs, the messages of failures: for the deployment's own account only. The
        # home itself stays passable, for the embedded server may run as another.
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
    written = (Path(__file__).parent / "dagster.yaml").read_text(encoding="utf-8")
    config_path = dagster_home / "dagster.yaml"
    if not config_path.exists() or config_path.read_text(encoding="utf-8") != written:
        config_path.write_text(written, encoding="utf-8")
    with connect(owner_url, autocommit=True) as connection:
        connection.execute("create schema if not exists dagster")


def _enable_reader(owner_url: str, password: str) -> None:
    with connect(owner_url, autocommit=True) as connection:
        roles.enable_login(connection, roles.READER, password)
