"""Locks between processes: whoever works on the same thing waits for the other, through the warehouse.

A lock is held by an open transaction on a connection of its own: it ends with the process, however that ends, and works
behind poolers that share connections between transactions. Must not know what is being protected.
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import sqlalchemy as sa

from models.errors import RetryLaterError


def lock_key(*parts: str) -> int:
    """A signed 64-bit number for an advisory lock, from what the lock is about."""
    digest = hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


@dataclass(frozen=True)
class HeldLock:
    """A lock that is held as long as its connection lives."""

    connection: sa.Connection
    about: str

    def require_held(self) -> None:
        """Check that the server still knows the lock's connection.

        Raises:
            RetryLaterError: The connection is gone, and with it the lock: another process may be at work.
        """
        try:
            self.connection.execute(sa.select(1))
        except (sa.exc.SQLAlchemyError, RetryLaterError) as error:
            message = f"the lock on {self.about} was lost with its connection; what was not sent waits for the next run"
            raise RetryLaterError(message) from error


@contextmanager
def exclusive(engine: sa.Engine, *parts: str, wait_seconds: float = 60.0) -> Iterator[HeldLock]:
    """Hold the only lock on what the parts name.

    Args:
        engine: The warehouse; one connection of its pool is taken until the end.
        parts: What the lock is about, such as a purpose, a merchant and a destination.
        wait_seconds: How long to wait for another holder.

    Raises:
        RetryLaterError: Another process still held it after the wait.
    """
    about = "/".join(parts)
    with engine.connect() as connection, connection.begin():
        local = {"lock_timeout": f"{int(wait_seconds * 1000)}ms", "idle_in_transaction_session_timeout": "0"}
        for name, value in local.items():
            connection.execute(sa.select(sa.func.set_config(name, value, True)))
        try:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(lock_key(*parts))))
        except (sa.exc.OperationalError, RetryLaterError) as error:
            message = f"another process has been at work on {about} for more than {wait_seconds:g} seconds"
            raise RetryLaterError(message) from error
        yield HeldLock(connection, about)
