"""Connections to the warehouse: one SQLAlchemy engine over psycopg 3, every session in UTC.

Turns what goes wrong with a connection into the two failures it can be: a server that is away for now, and an address
that is wrong. Passwords stand in no message. Must not know what is stored where.
"""

from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg.conninfo import conninfo_to_dict

from models.errors import MisconfiguredError, RetryLaterError

WAREHOUSE_KEY = "PERENNIAL_WAREHOUSE_URL"
OLDEST_SERVER_VERSION = 15

_CONNECT_TIMEOUT_SECONDS = 10
_DRIVER_PREFIX = "postgresql+psycopg://"

# libpq gives no SQLSTATE for a refused connection, only the server's words. What is not recognised counts as passing:
# a retry of something permanent costs a few attempts, giving up on something passing costs a night.
_PERMANENT_REFUSALS = (
    "password authentication failed",
    "authentication failed for user",
    "no password supplied",
    "no pg_hba.conf entry",
    "permission denied for database",
)

# SQLSTATEs of a statement that failed because of the moment, not because of what it says: serialisation and deadlock,
# lock not available, server shutting down or restarting, too many connections, statement cancelled by failover.
_PASSING_SQLSTATES = frozenset({"40001", "40P01", "55P03", "57P01", "57P02", "57P03", "57P05", "53300"})


def libpq_url(url: str) -> str:
    """The URL as libpq reads it, whether it was written for libpq or for SQLAlchemy with the psycopg driver.

    Raises:
        MisconfiguredError: It is not a PostgreSQL URL. The message does not repeat it, for it may hold a password.
    """
    if url.startswith(_DRIVER_PREFIX):
        url = "postgresql://" + url.removeprefix(_DRIVER_PREFIX)
    if not url.startswith(("postgresql://", "postgres://")):
        raise MisconfiguredError(WAREHOUSE_KEY, "not a PostgreSQL URL; write postgresql://user:password@host:port/name")
    try:
        conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        # The parser's own message quotes the part it stumbled over, which is often the password.
        raise MisconfiguredError(
            WAREHOUSE_KEY,
            "cannot be read as postgresql://user:password@host:port/name; write %40 for @, %2F for / and %25 for % "
            "inside a password",
        ) from None
    return url


def server_address(url: str) -> str:
    """The host, port and database that a URL points to, for messages; never the user's password."""
    parts = conninfo_to_dict(libpq_url(url))
    host = parts.get("host") or parts.get("hostaddr") or "the local socket"
    port = parts.get("port")
    return f"{host}{f':{port}' if port else ''}/{parts.get('dbname') or parts.get('user') or ''}"


def connect(
    url: str, *, role: str | None = None, application_name: str = "perennial", autocommit: bool = False
) -> psycopg.Connection[tuple[Any, ...]]:
    """A psycopg connection to the warehouse, in UTC and, where asked, under one of its roles.

    Args:
        url: A libpq URL.
        role: The role to take on, such as `perennial_loader`.
        application_name: What `pg_stat_activity` shows.
        autocommit: Whether each statement is its own transaction.

    Raises:
        MisconfiguredError: The URL, the credentials or the server's version are wrong, or the role may not be taken on.
        RetryLaterError: The server cannot be reached now.
    """
    conninfo = libpq_url(url)
    given = conninfo_to_dict(conninfo)
    # What the URL itself says wins over what is set here.
    options: dict[str, Any] = {"connect_timeout": _CONNECT_TIMEOUT_SECONDS, "application_name": application_name}
    options = {name: value for name, value in options.items() if name not in given}
    try:
        connection = psycopg.connect(conninfo, autocommit=True, **options)
    except psycopg.OperationalError as error:
        raise _refusal(url, str(error)) from None
    try:
        _prepare_session(connection, role)
        connection.autocommit = autocommit
    except BaseException:
        connection.close()
        raise
    return connection


def create_engine(url: str, *, role: str | None = None, application_name: str = "perennial") -> sa.Engine:
    """An engine whose connections are those of `connect`; a lost connection surfaces as `RetryLaterError`.

    Args:
        url: A libpq URL.
        role: The role that every connection takes on.
        application_name: What `pg_stat_activity` shows.

    Returns:
        An engine with a small pool that tests a connection before it hands it out, so a restarted server is no failure.

    Raises:
        MisconfiguredError: The URL cannot be read. Nothing is connected yet; `connect` lists what may come then.
    """
    conninfo = libpq_url(url)
    address = server_address(conninfo)
    # The driver is named: what a bare postgresql:// means changes between SQLAlchemy's versions.
    engine = sa.create_engine(
        _DRIVER_PREFIX,
        creator=lambda: connect(conninfo, role=role, application_name=application_name),
        pool_pre_ping=True,
        hide_parameters=True,  # an error's text goes to logs and books, and the parameters are people's records
    )

    @sa.event.listens_for(engine, "handle_error", retval=True)
    def name_passing_failures(context: sa.engine.ExceptionContext) -> BaseException | None:
        sqlstate = getattr(context.original_exception, "sqlstate", None)
        if not context.is_pre_ping and (context.is_disconnect or sqlstate in _PASSING_SQLSTATES):
            what = type(context.original_exception).__name__
            return RetryLaterError(f"the warehouse at {address} dropped a statement ({what}); it is worth another try")
        return None

    return engine


def _prepare_session(connection: psycopg.Connection[tuple[Any, ...]], role: str | None) -> None:
    major = connection.info.server_version // 10_000
    if major < OLDEST_SERVER_VERSION:
        raise MisconfiguredError(
            WAREHOUSE_KEY,
            f"the server at {connection.info.host}:{connection.info.port} is PostgreSQL {major}; "
            f"Perennial needs {OLDEST_SERVER_VERSION} or newer",
        )
    connection.execute("select set_config('TimeZone', 'UTC', false)")
    if role is None:
        return
    try:
        connection.execute("select set_config('role', %s, false)", (role,))
    except (psycopg.errors.InvalidParameterValue, psycopg.errors.InsufficientPrivilege) as error:
        raise MisconfiguredError(
            WAREHOUSE_KEY,
            f"user {connection.info.user!r} cannot act as {role!r} ({str(error).strip()}); "
            "let the warehouse's migrations create the roles, or grant the role to that user",
        ) from None


def _refusal(url: str, message: str) -> MisconfiguredError | RetryLaterError:
    reason = " ".join(message.split())
    is_missing = "FATAL:" in reason and "does not exist" in reason
    if is_missing or any(phrase in reason for phrase in _PERMANENT_REFUSALS):
        return MisconfiguredError(
            WAREHOUSE_KEY, f"the server at {server_address(url)} refuses the connection: {reason}"
        )
    return RetryLaterError(f"the warehouse at {server_address(url)} cannot be reached: {reason}")
