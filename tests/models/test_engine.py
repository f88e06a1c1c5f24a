import psycopg
import pytest
import sqlalchemy as sa
from database_urls import url_of_database

from models.engine import connect, create_engine, libpq_url, server_address
from models.errors import MisconfiguredError, RetryLaterError

SECRET = "hunter2%2Fx"


def test_sessions_are_in_utc_under_a_name(database_url: str) -> None:
    engine = create_engine(database_url, application_name="perennial test")
    with engine.connect() as connection:
        assert connection.scalar(sa.text("show timezone")) == "UTC"
        assert connection.scalar(sa.text("show application_name")) == "perennial test"
        connection.rollback()
        assert connection.scalar(sa.text("show timezone")) == "UTC", "a rollback does not undo it"
    engine.dispose()


def test_role_is_taken_on_and_kept(database_url: str) -> None:
    engine = create_engine(database_url, role="perennial_loader")
    for _ in range(2):
        with engine.connect() as connection:
            assert connection.scalar(sa.text("select current_user")) == "perennial_loader"
            connection.rollback()
            assert connection.scalar(sa.text("select current_user")) == "perennial_loader"
    engine.dispose()


def test_unknown_role_names_the_way_out(database_url: str) -> None:
    with pytest.raises(MisconfiguredError, match=r"PERENNIAL_WAREHOUSE_URL: user .* cannot act as 'nobody_here'"):
        connect(database_url, role="nobody_here")


def test_sqlalchemy_urls_are_read_too(database_url: str) -> None:
    connect(database_url.replace("postgresql://", "postgresql+psycopg://")).close()


@pytest.mark.parametrize(
    "url", ["mysql://u:hunter2@h/d", "postgresql://u:hunt%er2@h/d", "hunter2", "postgresql+psycopg2://h"]
)
def test_url_that_cannot_be_read(url: str) -> None:
    with pytest.raises(MisconfiguredError, match="PERENNIAL_WAREHOUSE_URL") as caught:
        create_engine(url)
    assert "hunt" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_unreachable_server_is_worth_another_try_and_keeps_the_password() -> None:
    url = f"postgresql://owner:{SECRET}@127.0.0.1:9/shop"
    engine = create_engine(url)
    with pytest.raises(RetryLaterError, match=r"127\.0\.0\.1:9/shop cannot be reached") as caught:
        engine.connect()
    assert "hunter2" not in str(caught.value)
    assert "hunter2" not in repr(engine)
    assert "hunter2" not in server_address(url)


def test_missing_database_is_a_wrong_address(warehouse_url: str) -> None:
    with pytest.raises(MisconfiguredError, match="does not exist"):
        connect(url_of_database(warehouse_url, "nothing_of_that_name"))


def test_old_server_is_refused(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psycopg.ConnectionInfo, "server_version", 140_012)
    with pytest.raises(MisconfiguredError, match="is PostgreSQL 14; Perennial needs 15 or newer"):
        connect(database_url)


def test_dropped_connection_is_worth_another_try(database_url: str) -> None:
    engine = create_engine(database_url)
    with connect(database_url, autocommit=True) as other, engine.connect() as connection:
        pid = connection.scalar(sa.text("select pg_backend_pid()"))
        other.execute("select pg_terminate_backend(%s, 5000)", (pid,))
        with pytest.raises(RetryLaterError, match="dropped a statement"):
            connection.scalar(sa.text("select 1"))
    with engine.connect() as connection:
        assert connection.scalar(sa.text("select 1")) == 1
    engine.dispose()


def test_restarted_server_goes_unnoticed_between_two_uses(database_url: str) -> None:
    engine = create_engine(database_url)
    with engine.connect() as connection:
        pid = connection.scalar(sa.text("select pg_backend_pid()"))
    with connect(database_url, autocommit=True) as other:
        other.execute("select pg_terminate_backend(%s, 5000)", (pid,))
    with engine.connect() as connection:
        assert connection.scalar(sa.text("select 1")) == 1
    engine.dispose()


def test_url_of_libpq_is_left_alone() -> None:
    url = "postgresql://u@/d?host=/tmp/a%20b&port=5"
    assert libpq_url(url) == url
    assert server_address(url) == "/tmp/a b:5/d"
