"""The lock that lets one run at a time work on the warehouse, and by which a run is known to be alive.

It is held by a connection that carries the run's id for its name: it ends with the process, however that ends, so who
has no such connection is no longer at work, whatever Dagster's records say.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from models.engine import connect
from models.errors import RetryLaterError, StopError
from orchestration import progress

# One run works on the warehouse at a time, whoever started it. The number is arbitrary and ours.
_RUN_LOCK = 0x50_45_52_45_4E  # "PEREN"
_PATIENCE_HOURS = 2
_NAME = "perennial run "
# The connection says nothing for as long as the run works: nobody on the way may take it for abandoned.
_SESSION = {"idle_session_timeout": "0", "tcp_keepalives_idle": "60", "lock_timeout": f"{_PATIENCE_HOURS}h"}

Connection = psycopg.Connection[tuple[Any, ...]]


class RunLock:
    """The lock of a run, from `hold_run_lock`."""

    def __init__(self, url: str, run_id: str) -> None:
        self._url = url
        self._run_id = run_id
        self._connection = self._connect()

    def acquire(self) -> None:
        """Wait until no other run works on the warehouse.

        Raises:
            RetryLaterError: One still did after two hours.
        """
        if self._try():
            return
        with progress.current().task("Waiting for another run to finish"):
            try:
                self._connection.execute("select pg_advisory_lock(%s)", (_RUN_LOCK,))
            except psycopg.errors.LockNotAvailable as error:
                raise RetryLaterError(
                    f"another run has been at work on the warehouse for more than {_PATIENCE_HOURS} hours; "
                    "run again when it has ended, or end it"
                ) from error

    def require_held(self) -> None:
        """Check that the run still works alone; a lock that a restarted server forgot is taken again.

        Raises:
            StopError: Another run has begun in the meantime.
            RetryLaterError: The warehouse cannot be reached.
        """
        try:
            self._connection.execute("select 1")
        except psycopg.OperationalError:
            self._connection.close()
            self._connection = self._connect()
            if not self._try():
                raise StopError(
                    "the run lost its lock with its connection, and another run has begun since; run it again"
                ) from None

    def release(self) -> None:
        """Let the next run begin."""
        self._connection.close()

    def _connect(self) -> Connection:
        connection = connect(self._url, autocommit=True, application_name=f"{_NAME}{self._run_id}")
        for name, value in _SESSION.items():
            connection.execute("select set_config(%s, %s, false)", (name, value))
        return connection

    def _try(self) -> bool:
        row = self._connection.execute("select pg_try_advisory_lock(%s)", (_RUN_LOCK,)).fetchone()
        return row is not None and bool(row[0])


@contextmanager
def hold_run_lock(url: str, run_id: str) -> Iterator[RunLock]:
    """Work alone on the warehouse while the block runs.

    Args:
        url: The owner's libpq URL.
        run_id: Dagster's id of the run.

    Raises:
        RetryLaterError: Another run has been at work for hours.
    """
    lock = RunLock(url, run_id)
    try:
        lock.acquire()
        yield lock
    finally:
        lock.release()


def living_runs(url: str) -> set[str]:
    """The ids of the runs that are at work on the warehouse or wait for their turn."""
    with connect(url, autocommit=True) as connection:
        rows = connection.execute(
            "select application_name from pg_stat_activity "
            "where datname = current_database() and starts_with(application_name, %s)",
            (_NAME,),
        ).fetchall()
    return {name.removeprefix(_NAME) for (name,) in rows}
