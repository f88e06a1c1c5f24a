"""A database for one piece of work: there while it lasts, gone afterwards, whatever ended it."""

from collections.abc import Iterator

import psycopg
import pytest
from database_urls import url_of_user
from psycopg import sql

from models.engine import connect
from models.errors import MisconfiguredError, RetryLaterError
from models.scratch_database import scratch_database, scratch_name, url_of_database


def databases(url: str) -> set[str]:
    with connect(url) as connection:
        return {name for (name,) in connection.execute("select datname from pg_database").fetchall()}


def name_of(url: str) -> str:
    with connect(url) as connection:
        return scratch_name(connection)


def test_it_is_empty_and_sorts_as_the_warehouse_and_goes_at_the_end(database_url: str) -> None:
    described = "select encoding, datcollate, datctype from pg_database where datname = current_database()"
    with scratch_database(database_url) as url:
        with connect(url) as scratch, connect(database_url) as warehouse:
            assert scratch.info.dbname == name_of(database_url)
            assert scratch.execute(described).fetchone() == warehouse.execute(described).fetchone()
            assert scratch.execute("select to_regclass('ops.merchants')").fetchone() == (None,)
        assert name_of(database_url) in databases(database_url)
    assert name_of(database_url) not in databases(database_url)


def test_it_goes_after_a_failure_although_somebody_is_still_connected(database_url: str) -> None:
    def work() -> None:
        with scratch_database(database_url) as url:
            left.append(connect(url))
            raise ZeroDivisionError

    left: list[psycopg.Connection[tuple[object, ...]]] = []
    with pytest.raises(ZeroDivisionError):
        work()
    assert name_of(database_url) not in databases(database_url)
    left[0].close()


def test_what_a_killed_process_left_is_dropped_by_the_next(database_url: str) -> None:
    name = name_of(database_url)
    with connect(database_url, autocommit=True) as connection:
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    with connect(url_of_database(database_url, name), autocommit=True) as connection:
        connection.execute("create table left_over ()")
    with scratch_database(database_url) as url, connect(url) as connection:
        assert connection.execute("select to_regclass('left_over')").fetchone() == (None,)
    assert name not in databases(database_url)


def test_two_at_a_time_are_one_too_many(database_url: str) -> None:
    with scratch_database(database_url) as url:
        with pytest.raises(RetryLaterError, match="another replay"), scratch_database(database_url):
            pass
        with connect(url):  # the first is not disturbed
            pass


def test_another_warehouse_on_the_server_has_its_own(database_url: str, empty_database_url: str) -> None:
    with scratch_database(database_url) as url, scratch_database(empty_database_url) as other:
        assert url != other


@pytest.fixture
def plain_user(database_url: str) -> Iterator[str]:
    """The URL for a user who may not create databases."""
    with connect(database_url, autocommit=True) as connection:
        connection.execute("create role pt_plain login password 'plain'")
        try:
            yield url_of_user(database_url, "pt_plain", "plain")
        finally:
            connection.execute("drop role pt_plain")


def test_an_owner_who_may_not_create_databases_is_told_how(plain_user: str) -> None:
    with pytest.raises(MisconfiguredError, match='alter role "pt_plain" createdb'), scratch_database(plain_user):
        pass


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://u:p%40x@h:5/a", "postgresql://u:p%40x@h:5/b%20c"),
        ("postgresql://u@h/a?sslmode=require&dbname=z", "postgresql://u@h/b%20c?sslmode=require"),
        ("postgresql://u@/a?host=%2Frun%2Fpg", "postgresql://u@/b%20c?host=%2Frun%2Fpg"),
        ("postgresql+psycopg://u@h/a", "postgresql://u@h/b%20c"),
    ],
)
def test_the_url_of_another_database_keeps_the_rest(url: str, expected: str) -> None:
    assert url_of_database(url, "b c") == expected
