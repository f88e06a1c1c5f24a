"""The planner's statistics: taken of what has been filled, and not again while it stays as large."""

from models.engine import connect
from models.roles import TRANSFORMER
from models.statistics import measure_grown_tables

FILL = "insert into ops.notes select n, repeat('x', 200) from generate_series(1, %s) as n"


def test_tables_are_measured_once_filled_and_again_once_grown(database_url: str) -> None:
    with connect(database_url, autocommit=True) as connection:
        measure_grown_tables(connection)  # what the migrations filled
        connection.execute("create table ops.notes (note_id bigint, body text) with (autovacuum_enabled = false)")
        assert measure_grown_tables(connection) == ()
        connection.execute(FILL, [1_000])
        assert measure_grown_tables(connection) == ("ops.notes",)
        assert connection.execute("select reltuples from pg_class where relname = 'notes'").fetchone() == (1_000,)
        connection.execute(FILL, [10])
        assert measure_grown_tables(connection) == ()
        connection.execute(FILL, [500])
        assert measure_grown_tables(connection) == ("ops.notes",)


def test_tables_of_others_are_left_to_them(database_url: str) -> None:
    with connect(database_url, role=TRANSFORMER, autocommit=True) as connection:
        connection.execute("create table marts.orders as select n from generate_series(1, 1000) as n")
    with connect(database_url, autocommit=True) as connection:
        assert "marts.orders" not in measure_grown_tables(connection)
