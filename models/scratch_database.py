"""A database for one piece of work, beside the warehouse on its server, which is gone when the work ends.

There is one per warehouse, and who works in it holds a lock in the warehouse: what a killed process left behind is
dropped by the next that wants one. Knows nothing of what is put there.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import psycopg
from psycopg import sql

from models.engine import WAREHOUSE_KEY, connect, libpq_url
from models.errors import MisconfiguredError, RetryLaterError
from models.statements import statement

# The number is arbitrary and ours.
_SCRATCH_LOCK = 0x53_43_52_41_54  # "SCRAT"
# The connection says nothing for as long as the work takes: nobody on the way may take it for abandoned.
_SESSION = {"idle_session_timeout": "0", "tcp_keepalives_idle": "60"}


@contextmanager
def scratch_database(owner_url: str) -> Iterator[str]:
    """An empty database of the warehouse's encoding and sort order, dropped when the block ends.

    Args:
        owner_url: The owner's libpq URL of the warehouse.

    Yields:
        The owner's libpq URL of the database.

    Raises:
        RetryLaterError: Somebody else works in it.
        MisconfiguredError: The owner may not create databases.
    """
    with connect(owner_url, autocommit=True, application_name="perennial scratch") as connection:
        for setting, value in _SESSION.items():
            connection.execute("select set_config(%s, %s, false)", (setting, value))
        row = connection.execute("select pg_try_advisory_lock(%s)", (_SCRATCH_LOCK,)).fetchone()
        if row is None or not row[0]:
            raise RetryLaterError("another replay is at work on this warehouse; try again when it has ended")
        name = scratch_name(connection)
        drop = statement("scratch_drop").format(name=sql.Identifier(name))
        try:
            connection.execute(drop)  # of somebody who was killed
            described = connection.execute(statement("scratch_describe"), {"name": name}).fetchone()
            assert described is not None  # noqa: S101 - the database that the connection is to
            connection.execute(described[0])
        except psycopg.errors.InsufficientPrivilege:
            raise MisconfiguredError(
                WAREHOUSE_KEY,
                f"user {connection.info.user!r} may not create a database, and a replay works in one of its own; let "
                f'it: alter role "{connection.info.user}" createdb',
            ) from None
        try:
            yield url_of_database(owner_url, name)
        finally:
            # By a connection of its own: the other may have been lost on the way.
            with connect(owner_url, autocommit=True, application_name="perennial scratch") as last:
                last.execute(drop)


def scratch_name(connection: psycopg.Connection[tuple[object, ...]]) -> str:
    """The name of the scratch database of the warehouse that is connected to, unlike any other's on the server."""
    row = connection.execute("select oid from pg_database where datname = current_database()").fetchone()
    assert row is not None  # noqa: S101 - the database that the connection is to
    return f"perennial_scratch_{row[0]}"


def url_of_database(url: str, name: str) -> str:
    """A libpq URL of another database on the same server, for the same user."""
    parts = urlsplit(libpq_url(url))
    kept = [(key, value) for key, value in parse_qsl(parts.query, keep_blank_values=True) if key != "dbname"]
    return urlunsplit(parts._replace(path=f"/{quote(name, safe='')}", query=urlencode(kept, quote_via=quote)))
