from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl
import pyarrow as pa
import pytest
import sqlalchemy as sa

from models import ml
from models.reading import read_batches, read_frame, read_table, replace_merchant_rows, write_frame

KINDS = sa.text(
    "select * from (values (1::bigint, 2::int, 1.5::numeric(18, 4), 'a'::text, true, date '2020-01-02',"
    " timestamptz '2020-01-02 03:04:05.000006+02', 0.5::float8, array['x', 'y']),"
    " (null, null, null::numeric(18, 4), null, null, null, null, null, null)) as t (a, b, amount, c, d, e, f, g, h)"
    " where a is null or a = :a"
)


def test_types_of_a_result(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        table = read_table(connection, KINDS, {"a": 1})
    assert table.schema.types == [
        pa.int64(),
        pa.int32(),
        pa.decimal128(18, 4),
        pa.string(),
        pa.bool_(),
        pa.date32(),
        pa.timestamp("us", tz="UTC"),
        pa.float64(),
        pa.list_(pa.string()),
    ]
    at = datetime(2020, 1, 2, 1, 4, 5, 6, tzinfo=UTC)
    assert tuple(table.to_pylist()[0].values()) == (
        *(1, 2, Decimal("1.5000"), "a", True),
        *(date(2020, 1, 2), at, 0.5, ["x", "y"]),
    )
    assert set(table.to_pylist()[1].values()) == {None}


def test_decimals_as_floats_and_sums(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        frame = read_frame(connection, KINDS, {"a": 1}, decimals="float")
        assert frame.schema["amount"] == pl.Float64
        assert frame["amount"].to_list() == [1.5, None]
        total = read_table(connection, sa.text("select sum(x) as x from (values (0.1::numeric), (0.2)) as t (x)"))
    assert total.column("x").to_pylist() == [Decimal("0.3")]


def test_empty_results_keep_their_types(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        frame = read_frame(connection, sa.select(ml.predictions))
    assert frame.height == 0
    assert frame.schema["clv_amount"] == pl.Decimal(18, 4)


def test_large_results_come_in_pieces(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        pieces = list(read_batches(connection, sa.text("select generate_series(1, 2500) as n"), batch_rows=1000))
    assert [len(piece) for piece in pieces] == [1000, 1000, 500]
    assert pa.Table.from_batches(pieces).column("n").to_pylist() == list(range(1, 2501))


def test_type_without_counterpart_is_named(engine: sa.Engine) -> None:
    with engine.connect() as connection, pytest.raises(TypeError, match="column 'odd' has a type"):
        read_table(connection, sa.text("select point(1, 2) as odd"))


def summaries(merchant_id: str, count: int) -> pa.Table:
    return pa.table(
        {
            "customer_id": [f"c{i}" for i in range(count)],
            "merchant_id": [merchant_id] * count,
            "as_of_date": [date(2020, 1, 1)] * count,
            "frequency": pa.array(range(count), pa.int64()),
            "recency_days": [0.1] * count,
            "age_days": [1e-17] * count,
            "spend_day_count": pa.array([0] * count, pa.int64()),
            "monetary_value": pa.array([None] * count, pa.float64()),
        }
    )


def test_frames_survive_writing(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        assert write_frame(connection, ml.purchase_summaries, summaries("m", 3)) == 3
        again = read_table(connection, sa.select(ml.purchase_summaries).order_by(ml.purchase_summaries.c.customer_id))
    assert again.select(summaries("m", 3).schema.names).to_pylist() == summaries("m", 3).to_pylist()


def test_unknown_column_is_named(engine: sa.Engine) -> None:
    with engine.begin() as connection, pytest.raises(KeyError, match="no column odd"):
        write_frame(connection, ml.purchase_summaries, pa.table({"odd": [1]}))


def test_replacing_touches_one_merchant(engine: sa.Engine) -> None:
    table = ml.purchase_summaries
    with engine.begin() as connection:
        for merchant in ("m", "n"):
            write_frame(connection, table, summaries(merchant, 3))
        assert replace_merchant_rows(connection, table, "m", summaries("m", 2)) == 2
        assert replace_merchant_rows(connection, table, "m", summaries("m", 2)) == 2
        counted = sa.select(table.c.merchant_id, sa.func.count()).group_by(table.c.merchant_id)
        assert sorted(connection.execute(counted).tuples()) == [("m", 2), ("n", 3)]
        with pytest.raises(ValueError, match="hold others' values"):
            replace_merchant_rows(connection, table, "n", summaries("m", 2))
