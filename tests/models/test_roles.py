from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from database_urls import url_of_database, url_of_user
from psycopg import sql

from models.engine import connect
from models.errors import MisconfiguredError
from models.migration import migrate
from models.roles import LOADER, READER, ROLES, TRANSFORMER, create_roles, enable_login

Connection = psycopg.Connection[tuple[Any, ...]]


@pytest.fixture
def transformed(database_url: str) -> str:
    """A database in which dbt has built a mart and a vault table, and has rebuilt the mart since."""
    with connect(database_url, role=TRANSFORMER, autocommit=True) as connection:
        connection.execute("create table vault.customer_contacts (email text)")
        connection.execute("create table staging.orders (x int)")
        connection.execute("create table marts.customer_360 as select 1 as x")
        connection.execute("create table marts.customer_360__new as select 2 as x")
        connection.execute("drop table marts.customer_360")
        connection.execute("alter table marts.customer_360__new rename to customer_360")
        connection.execute("create view marts.fct_orders as select 3 as x")
    return database_url


def test_reader_reads_marts_that_were_rebuilt(transformed: str) -> None:
    with connect(transformed, role=READER) as connection:
        assert connection.execute("select * from marts.customer_360").fetchall() == [(2,)]
        assert connection.execute("select * from marts.fct_orders").fetchall() == [(3,)]


@pytest.mark.parametrize(
    "query",
    [
        "select * from vault.customer_contacts",
        "select * from staging.orders",
        "select * from raw_files.orders",
        "select * from ml.predictions",
        "select * from ml.customer_lifetime_value",
        "select * from ops.rejected_records",
        "select * from activation.deliveries",
        "insert into marts.customer_360 values (9)",
        "delete from marts.customer_360",
        "drop table marts.customer_360",
        "create table marts.mine (x int)",
        "create table public.mine (x int)",
        "set role perennial_loader",
    ],
)
def test_reader_may_do_nothing_else(transformed: str, query: str) -> None:
    # `set role` is judged by who logged in, so the reader logs in as itself here.
    with _login(transformed, READER) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(query)  # type: ignore[arg-type] # the texts above


@pytest.mark.parametrize(
    ("role", "query"),
    [
        (LOADER, "drop table raw_files.orders"),
        (LOADER, "truncate raw_files.orders"),
        (LOADER, "alter table raw_files.orders drop column amount"),
        (LOADER, "create table raw_files.mine (x int)"),
        (LOADER, "update ops.alembic_version set version_num = 'x'"),
        (LOADER, "select * from vault.customer_contacts"),
        (LOADER, "select * from marts.customer_360"),
        (LOADER, "insert into ml.predictions default values"),
        (TRANSFORMER, "delete from raw_files.orders"),
        (TRANSFORMER, "insert into ops.merchants default values"),
        (TRANSFORMER, "drop table ml.predictions"),
        (TRANSFORMER, "update loyalty.postings set points = 1"),
        (TRANSFORMER, "delete from loyalty.postings"),
        (TRANSFORMER, "delete from loyalty.adjustments"),
        (TRANSFORMER, "drop schema raw_files cascade"),
    ],
)
def test_writers_keep_to_their_side(transformed: str, role: str, query: str) -> None:
    with connect(transformed, role=role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(query)  # type: ignore[arg-type] # the texts above


@pytest.mark.parametrize(
    ("role", "query"),
    [
        (LOADER, "delete from raw_files.orders"),
        (LOADER, "update ops.merchants set run_id = null"),
        (LOADER, "create temporary table t (x int)"),
        (TRANSFORMER, "select * from raw_files.orders, ops.merchants"),
        (TRANSFORMER, "delete from ml.predictions"),
        (TRANSFORMER, "select * from ml.customer_lifetime_value"),
        (
            TRANSFORMER,
            """
            insert into activation.deliveries
            (merchant_id, destination, audience, customer_id, operation, action_key, payload_hash, outcome, run_id,
            reserved_at)
            values ('m', 'd', 'a', 'c', 'upsert', 'k', 'h', 'reserved', 'r', now())
            """,
        ),
        (TRANSFORMER, "create table dbt_checks.failures (x int)"),
        (TRANSFORMER, "create table intermediate.days (x int)"),
    ],
)
def test_writers_can_do_their_work(transformed: str, role: str, query: str) -> None:
    with connect(transformed, role=role) as connection:
        connection.execute(query)  # type: ignore[arg-type] # the texts above


def test_migrations_of_many_databases_at_once_share_the_roles(warehouse_url: str) -> None:
    names = [f"pt_roles_{uuid4().hex[:10]}" for _ in range(4)]
    with connect(warehouse_url, autocommit=True) as connection:
        try:
            for name in names:
                connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
            with ThreadPoolExecutor(len(names)) as pool:
                done = list(pool.map(lambda name: migrate(url_of_database(warehouse_url, name)), names))
            assert done == [True] * len(names)
        finally:
            for name in names:
                connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


def test_owner_without_superuser_rights(warehouse_url: str) -> None:
    """A managed server gives no superuser.

    The roles belong to the whole server and other sessions use them, so here they are there already and an
    administrator grants them.
    """
    name = f"pt_owner_{uuid4().hex[:10]}"
    identifier = sql.Identifier(name)
    with connect(warehouse_url, autocommit=True) as connection:
        connection.execute(sql.SQL("create role {} login password 'secret'").format(identifier))
        connection.execute(sql.SQL("create database {} owner {}").format(identifier, identifier))
        try:
            url = url_of_user(url_of_database(warehouse_url, name), name, "secret")
            missing = pytest.raises(MisconfiguredError, match=f"grant {', '.join(ROLES)} to")
            with connect(url, autocommit=True) as owner, missing:
                create_roles(owner)
            grant = sql.SQL("grant {} to {}").format(sql.SQL(", ").join(map(sql.Identifier, ROLES)), identifier)
            connection.execute(grant)
            assert migrate(url)
            for role in ROLES:
                with connect(url, role=role) as acting:
                    assert acting.execute("select current_user").fetchone() == (role,)
        finally:
            connection.execute(sql.SQL("drop database {} with (force)").format(identifier))
            connection.execute(sql.SQL("drop role {}").format(identifier))


def test_login_can_be_enabled_for_the_reader(database_url: str) -> None:
    with connect(database_url) as connection:
        enable_login(connection, READER, "it's \\ a %s 'secret'")
        assert connection.execute("select rolcanlogin from pg_roles where rolname = %s", (READER,)).fetchone() == (
            True,
        )
        connection.rollback()


@contextmanager
def _login(url: str, role: str) -> Iterator[Connection]:
    """A session with the role's rights and no others: of a user who is its member, for the role may not log in."""
    name = f"pt_login_{uuid4().hex[:10]}"
    identifier = sql.Identifier(name)
    with connect(url, autocommit=True) as connection:
        connection.execute(
            sql.SQL("create role {} login password 'secret' in role {}").format(identifier, sql.Identifier(role))
        )
        try:
            with connect(url_of_user(url, name, "secret"), autocommit=True) as own:
                yield own
        finally:
            connection.execute(sql.SQL("drop role {}").format(identifier))
