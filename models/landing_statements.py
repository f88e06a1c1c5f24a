"""How landing's statements are run: inside the transaction, never prepared, with plans that suit tables just filled."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg import sql

from models.copying import driver_connection
from models.statements import statement


def run(
    connection: sa.Connection, name: str, values: Mapping[str, Any] | None = None, **parts: sql.Composable
) -> psycopg.Cursor[tuple[Any, ...]]:
    """Execute a statement of this package, in the connection's transaction.

    Args:
        connection: The connection.
        name: The statement's name.
        values: The parameters, if it has any.
        **parts: What stands for its named parts.
    """
    # Never prepared: the plan would be that of a temporary table of another size.
    return driver_connection(connection).execute(statement(name).format(**parts), values, prepare=False)


def only_row(cursor: psycopg.Cursor[tuple[Any, ...]]) -> tuple[Any, ...]:
    """The row of a statement that has exactly one."""
    row = cursor.fetchone()
    assert row is not None  # noqa: S101 (narrows the type: an aggregate has one row)
    return row


def compare_by_hash(connection: sa.Connection) -> None:
    """Set the rest of a transaction up for comparisons of many rows."""
    driver_connection(connection).execute(statement("landing_by_hash"))


@contextmanager
def by_address(connection: sa.Connection) -> Iterator[None]:
    """Have rows found one by one, by key."""
    driver_connection(connection).execute(statement("landing_by_address"))
    yield
    compare_by_hash(connection)


def listed(names: Sequence[str], table: str | None = None) -> sql.Composed:
    """Columns for a statement, of a table if it has to be named."""
    prefix = [] if table is None else [table]
    return sql.SQL(", ").join(sql.Identifier(*prefix, name) for name in names)


def same_key(names: Sequence[str], one: str, other: str) -> sql.Composed:
    """That the columns of a key are equal in two tables."""
    return same(zip(names, names, strict=True), one, other)


def same(names: Iterable[tuple[str, str]], one: str, other: str) -> sql.Composed:
    """That pairs of columns are equal, the first of one table and the second of the other."""
    return sql.SQL(" and ").join(
        sql.SQL("{} = {}").format(sql.Identifier(one, name), sql.Identifier(other, its)) for name, its in names
    )
