"""Tables of the warehouse and rows of plain Python as frames that can be compared."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import polars as pl
import psycopg
from dbt_histories import Row

KEY = ["merchant_id", "customer_id"]


def read(connection: psycopg.Connection[Any], query: str) -> pl.DataFrame:
    cursor = connection.execute(query.encode())
    assert cursor.description is not None
    names = [column.name for column in cursor.description]
    rows = [{name: cents(value) for name, value in zip(names, row, strict=True)} for row in cursor]
    assert rows, query
    return pl.DataFrame(rows, infer_schema_length=None)


def cents(value: Any) -> Any:
    """Money as an exact integer of ten-thousandths; Polars adds integers up without rounding."""
    return int(value.scaleb(4).to_integral_exact()) if isinstance(value, Decimal) else value


def frame(rows: Iterator[Row]) -> pl.DataFrame:
    return pl.DataFrame([{k: cents(v) for k, v in row.items()} for row in rows], infer_schema_length=None)


def same(actual: pl.DataFrame, expected: pl.DataFrame, key: list[str]) -> None:
    columns = actual.columns
    left = actual.sort(key).to_dicts()
    right = expected.select(columns).sort(key).to_dicts()
    assert len(left) > 5
    assert left == right
