"""Brings a warehouse to the tables that this version of Perennial works with.

Safe to call from any number of processes at once and at every start: it costs one query when there is nothing to do.
Alembic is imported only when there is.
"""

from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import psycopg
import sqlalchemy as sa

from models import roles
from models.engine import WAREHOUSE_KEY, connect, create_engine
from models.errors import MisconfiguredError
from models.schema import OPS
from models.statements import statement

if TYPE_CHECKING:
    from alembic.config import Config

_FOLDER = Path(__file__).parent / "migrations"

# Alembic keeps the migration that is under way in a module, so a process runs one at a time, whatever the database.
_ALEMBIC_LOCK = Lock()


def head_revision() -> str:
    """The newest revision, by the numbers that the files of `migrations/versions` begin with."""
    return max(path.name.split("_", 1)[0] for path in (_FOLDER / "versions").glob("[0-9]*_*.py"))


def current_revision(connection: psycopg.Connection[tuple[Any, ...]]) -> str | None:
    """The revision that the connected database is at; None before the first migration."""
    row = connection.execute("select to_regclass('ops.alembic_version') is not null").fetchone()
    if row is None or not row[0]:
        return None
    row = connection.execute("select version_num from ops.alembic_version").fetchone()
    return None if row is None else str(row[0])


def migrate(url: str, *, revision: str = "head") -> bool:
    """Create or update roles, schemas, tables and privileges.

    Args:
        url: The owner's libpq URL.
        revision: The revision to stop at, for tests of the migrations themselves.

    Returns:
        Whether anything had to be done.

    Raises:
        MisconfiguredError: The user lacks the rights, or the database was migrated by a newer Perennial.
        RetryLaterError: The server cannot be reached now.
    """
    target = head_revision() if revision == "head" else revision
    with connect(url, autocommit=True, application_name="perennial migrate") as connection:
        if _is_current(connection, target):
            return False
        # Held until this connection closes. Others wait here, then find that there is nothing left to do.
        connection.execute(statement("lock_migrations"))
        if _is_current(connection, target):
            return False
        _refuse_newer(current_revision(connection))
        roles.create_roles(connection)
        try:
            roles.create_dbt_schemas(connection)
            _upgrade(url, revision)
        except (psycopg.errors.InsufficientPrivilege, sa.exc.ProgrammingError) as error:
            if (
                getattr(getattr(error, "orig", error), "sqlstate", None)
                != psycopg.errors.InsufficientPrivilege.sqlstate
            ):
                raise
            raise MisconfiguredError(
                WAREHOUSE_KEY,
                f"user {connection.info.user!r} may not create schemas or tables in database "
                f"{connection.info.dbname!r}; connect as its owner",
            ) from error
        roles.grant_privileges(connection)
    return True


def alembic_config(connection: sa.Connection) -> "Config":
    """Alembic's configuration for the migrations of this package, on a connection that the caller keeps."""
    from alembic.config import Config

    config = Config()
    # The option goes through configparser, to which a % in the checkout's path would be an interpolation.
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _upgrade(url: str, revision: str) -> None:
    from alembic import command

    engine = create_engine(url, application_name="perennial migrate")
    try:
        with _ALEMBIC_LOCK, engine.begin() as connection:
            connection.execute(sa.schema.CreateSchema(OPS, if_not_exists=True))  # holds Alembic's own table
            command.upgrade(alembic_config(connection), revision)
    finally:
        engine.dispose()


def _is_current(connection: psycopg.Connection[tuple[Any, ...]], target: str) -> bool:
    # The roles are looked for too: a database restored on another server comes without them.
    row = connection.execute("select count(*) from pg_roles where rolname = any(%s)", (list(roles.ROLES),)).fetchone()
    return row is not None and row[0] == len(roles.ROLES) and current_revision(connection) == target


def _refuse_newer(found: str | None) -> None:
    if found is not None and found > head_revision():
        raise MisconfiguredError(
            WAREHOUSE_KEY,
            f"the warehouse is at revision {found}, newer than this Perennial's {head_revision()}; update Perennial",
        )
