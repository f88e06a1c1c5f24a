from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Context, Decimal
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.binary_copy import copy_binary, encoded_rows
from models.engine import create_engine
from models.errors import StopError
from models.schema import postgres_type

_EXACT = Context(prec=38)
TYPES: dict[str, pa.DataType] = {
    "text": pa.string(),
    "count": pa.int64(),
    "is_it": pa.bool_(),
    "day": pa.date32(),
    "at": pa.timestamp("us", tz="UTC"),
    "share": pa.float64(),
    "money": pa.decimal128(18, 4),
    "rate": pa.decimal128(9, 6),
    "whole": pa.decimal128(12, 0),
    "tiny": pa.decimal128(5, 5),
    "plain": pa.decimal128(18, 3),
    "wide": pa.decimal128(38, 14),
}
TABLE = sa.Table(
    "copied",
    sa.MetaData(),
    sa.Column("row_number", sa.BigInteger),
    *(sa.Column(name, postgres_type(kind)) for name, kind in TYPES.items()),
    prefixes=["temporary"],
)


def decimals(kind: pa.DataType) -> st.SearchStrategy[Decimal]:
    bound = 10**kind.precision - 1
    return st.integers(-bound, bound).map(lambda unscaled: Decimal(unscaled).scaleb(-kind.scale, _EXACT))


VALUES: dict[str, st.SearchStrategy[Any]] = {
    "text": st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8),
    "count": st.integers(-(2**63), 2**63 - 1),
    "is_it": st.booleans(),
    "day": st.dates(),
    "at": st.datetimes(timezones=st.just(UTC)),
    "share": st.floats(allow_nan=False),
    **{name: decimals(kind) for name, kind in TYPES.items() if pa.types.is_decimal128(kind)},
}
rows = st.fixed_dictionaries({name: st.none() | values for name, values in VALUES.items()})


@pytest.fixture(scope="module")
def connection(module_database_url: str) -> Iterator[sa.Connection]:
    engine = create_engine(module_database_url)
    with engine.connect() as opened:
        TABLE.create(opened)
        opened.commit()
        yield opened
    engine.dispose()


def record_batch(some: list[dict[str, Any]]) -> pa.RecordBatch:
    columns = [pa.array([row[name] for row in some], kind) for name, kind in TYPES.items()]
    return pa.RecordBatch.from_arrays([pa.array(range(len(some)), pa.int64()), *columns], names=["row_number", *TYPES])


def copied(connection: sa.Connection, batches: list[pa.RecordBatch]) -> list[dict[str, Any]]:
    try:
        assert copy_binary(connection, TABLE, batches[0].schema.names, batches) == sum(len(batch) for batch in batches)
        found = connection.execute(sa.select(*(TABLE.c[name] for name in TYPES)).order_by(TABLE.c.row_number))
        return [dict(row) for row in found.mappings()]
    finally:
        connection.rollback()


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(some=st.lists(rows, min_size=1, max_size=6), start=st.integers(0, 3))
def test_every_value_arrives_as_it_was(connection: sa.Connection, some: list[dict[str, Any]], start: int) -> None:
    batch = record_batch(some)
    assert copied(connection, [batch.slice(0, start), batch.slice(start)]) == some
    assert copied(connection, [batch.slice(start)]) == some[start:]


@pytest.mark.parametrize("value", ["0", "0.0001", "-0.0001", "9999.9999", "10000", "-99999999999999.9999", "100000000"])
def test_money_keeps_its_places(connection: sa.Connection, value: str) -> None:
    empty = dict.fromkeys(TYPES)
    found = copied(connection, [record_batch([{**empty, "money": Decimal(value)}])])
    assert str(found[0]["money"]) == str(Decimal(value).quantize(Decimal("0.0001")))


def test_constants_stand_in_every_row(connection: sa.Connection) -> None:
    at = datetime(1999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
    counts = pa.RecordBatch.from_arrays([pa.array([1, None, 3], pa.int64())], names=["anything"])
    copy_binary(connection, TABLE, ["count"], [counts], constants={"text": "ü", "at": at})
    query = sa.select(TABLE.c["text"], TABLE.c["at"], TABLE.c["count"]).order_by(TABLE.c["count"])
    found = connection.execute(query).all()
    connection.rollback()
    assert found == [("ü", at, 1), ("ü", at, 3), ("ü", at, None)]


@pytest.mark.parametrize("count", [1, 3])
def test_rows_of_nothing_but_nulls_arrive(connection: sa.Connection, count: int) -> None:
    empty = [dict.fromkeys(TYPES)] * count
    assert copied(connection, [record_batch(empty).select(list(TYPES))]) == empty
    assert copied(connection, [record_batch(empty).select(list(TYPES)).slice(count)]) == []


def test_what_cannot_be_held_is_named(connection: sa.Connection) -> None:
    empty = {**dict.fromkeys(TYPES), "day": date(2020, 1, 1)}
    with pytest.raises(StopError, match=r"copied: .*0x00; COPY copied, line 2, column text.*free of NUL"):
        copied(connection, [record_batch([empty, {**empty, "text": "a\0b"}])])


def test_types_of_no_record_are_refused() -> None:
    lists = pa.RecordBatch.from_arrays([pa.array([["a"]], pa.list_(pa.string()))], names=["x"])
    with pytest.raises(TypeError, match="no binary format"):
        encoded_rows(lists, b"")
