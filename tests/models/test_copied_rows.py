"""Rows through COPY: every type as it is, in batches, from one state of the table."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa

from models.copied_rows import Batches, CopiedRows, read_ahead
from models.errors import RetryLaterError, StopError

COLUMNS = {
    "words": ("text", pa.string()),
    "amount": ("numeric(18, 4)", pa.decimal128(18, 4)),
    "weight": ("numeric(18, 9)", pa.decimal128(18, 9)),
    "share": ("double precision", pa.float64()),
    "score": ("integer", pa.int32()),
    "count": ("bigint", pa.int64()),
    "day": ("date", pa.date32()),
    "at": ("timestamptz", pa.timestamp("us", tz="UTC")),
    "is_known": ("boolean", pa.bool_()),
    "ids": ("text[]", pa.list_(pa.string())),
}
NEW_YEAR = datetime(2024, 1, 1, tzinfo=UTC)
ROWS: list[tuple[Any, ...]] = [
    (
        'Söhne, "quoted"\r\nand\ttabbed; \\. 100%',
        Decimal("-12345678901234.5678"),
        Decimal("0.123456789"),
        0.1 + 0.2,
        -5,
        2**62,
        date(2024, 2, 29),
        datetime(2024, 2, 29, 23, 59, 59, 123456, tzinfo=UTC),
        True,
        ["a,b", '"{}"', "", None],
    ),
    ("", Decimal("0.0000"), Decimal(0), -0.0, 0, 0, date(1, 1, 1), datetime(1, 1, 1, tzinfo=UTC), False, []),
    (None,) * len(COLUMNS),
    ("null", Decimal("1.0000"), Decimal(1), 1e-300, 1, 1, date(9999, 12, 31), NEW_YEAR, True, ["t"]),
]


@pytest.fixture
def connection(engine: sa.Engine) -> Iterator[sa.Connection]:
    with engine.connect() as opened:
        yield opened


@pytest.fixture
def table(connection: sa.Connection) -> sa.Table:
    columns = ", ".join(f'"{name}" {kind}' for name, (kind, _) in COLUMNS.items())
    connection.execute(sa.text(f"create temporary table facts ({columns})"))
    found = sa.Table("facts", sa.MetaData(), autoload_with=connection)
    connection.execute(sa.insert(found), [dict(zip(COLUMNS, row, strict=True)) for row in ROWS])
    return found


def many(count: int) -> sa.Select[Any]:
    numbers = sa.func.generate_series(1, count).column_valued("number")
    return sa.select(numbers, sa.cast(numbers, sa.Text).label("words"))


def test_every_type_comes_as_it_is(connection: sa.Connection, table: sa.Table) -> None:
    rows = CopiedRows(connection, sa.select(table))
    assert rows.schema == pa.schema([(name, kind) for name, (_, kind) in COLUMNS.items()])
    (batch,) = rows
    assert batch.schema == rows.schema
    assert [tuple(row.values()) for row in batch.to_pylist()] == ROWS


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_alone_keeps_its_nulls(connection: sa.Connection, table: sa.Table, name: str) -> None:
    """A row of one null is an empty line."""
    (batch,) = CopiedRows(connection, sa.select(table.c[name]))
    assert batch.column(0).to_pylist() == [row[list(COLUMNS).index(name)] for row in ROWS]


def test_a_database_that_writes_values_in_its_own_way_changes_nothing(
    connection: sa.Connection, table: sa.Table
) -> None:
    connection.execute(sa.text("set datestyle to 'German'"))
    connection.execute(sa.text("set extra_float_digits to 0"))
    (batch,) = CopiedRows(connection, sa.select(table))
    assert [tuple(row.values()) for row in batch.to_pylist()] == ROWS


def test_rows_come_in_batches_and_only_when_they_are_asked_for(connection: sa.Connection) -> None:
    batches = iter(CopiedRows(connection, many(10_000), batch_rows=1_000))
    first = next(batches)
    assert (first.num_rows, first.column("number").to_pylist()[-1]) == (1_000, 1_000)
    sizes = [batch.num_rows for batch in batches]
    assert sizes == [1_000] * 9


def test_wide_rows_come_in_smaller_batches(connection: sa.Connection) -> None:
    wide = sa.select(sa.func.repeat("x", 2**20).label("words")).select_from(many(80).subquery())
    sizes = [batch.num_rows for batch in CopiedRows(connection, wide)]
    assert sizes == [32, 32, 16]


def test_nothing_is_no_batch(connection: sa.Connection) -> None:
    assert list(CopiedRows(connection, many(0))) == []


def test_values_of_a_condition_are_values(connection: sa.Connection, table: sa.Table) -> None:
    for text in ("100%", "it's \\ (%s) %(words)s {query}"):
        connection.execute(sa.insert(table).values(words=text))
        query = sa.select(table.c.words.label("50% of {it}")).where(table.c.words.in_([text, "x"]))
        (batch,) = CopiedRows(connection, query)
        assert batch.to_pylist() == [{"50% of {it}": text}]


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("'infinity'::date", "column value holds a value that date32.* cannot .*infinity.*leave it out"),
        ("'NaN'::numeric(18, 4)", "column value holds a value that decimal128.* cannot .*NaN"),
        ("point(1, 2)", "column 'value' has a type .*; cast it, or leave it out"),
    ],
)
def test_what_arrow_cannot_hold_is_named(connection: sa.Connection, written: str, message: str) -> None:
    with pytest.raises(StopError, match=message):
        list(CopiedRows(connection, sa.select(sa.literal_column(written).label("value"))))


def test_a_lost_connection_is_worth_another_try(engine: sa.Engine, connection: sa.Connection) -> None:
    own = connection.scalar(sa.select(sa.func.pg_backend_pid()))
    endless = sa.select(sa.func.repeat("x", 2**10)).select_from(many(100_000).subquery())
    batches = iter(CopiedRows(connection, endless, batch_rows=1_000))
    next(batches)
    with engine.connect() as other:
        other.execute(sa.select(sa.func.pg_terminate_backend(own)))
    with pytest.raises(RetryLaterError, match="try again"):
        for _ in batches:
            pass


def test_one_batch_is_read_ahead_and_no_more(connection: sa.Connection) -> None:
    drawn: list[int] = []

    def noted() -> Batches:
        for batch in CopiedRows(connection, many(10_000), batch_rows=1_000):
            drawn.append(batch.num_rows)
            yield batch

    held = [(batch.column("number")[0].as_py(), len(drawn)) for batch in read_ahead(noted())]
    assert [first for first, _ in held] == list(range(1, 10_000, 1_000))
    assert all(count <= place + 2 for place, (_, count) in enumerate(held))


def test_a_failure_while_reading_ahead_comes_when_its_rows_would(connection: sa.Connection) -> None:
    numbers = many(5_000).subquery()
    none, one = (sa.literal_column(f"'{value}'::numeric(4, 1)") for value in ("NaN", 1))
    query = sa.select(sa.case((numbers.c.number > 2_500, none), else_=one).label("value"))
    seen = []
    with pytest.raises(StopError, match="column value"):
        seen.extend(batch.num_rows for batch in read_ahead(iter(CopiedRows(connection, query, batch_rows=1_000))))
    assert connection.scalar(sa.select(1)) == 1, "the connection is as good as before"
    assert seen == [1_000, 1_000]
