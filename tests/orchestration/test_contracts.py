"""The data contract of a batch: good data keep it, and each of its expectations can be broken."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from models.archive import CONTENT_HASH, ROW_NUMBER
from models.records import Stream
from models.records.files import CUSTOMERS, ORDER_LINES, ORDERS, REFUNDS
from orchestration.contracts import ContractReport, check_contract

PERSONAL = "ada.lovelace@example.com"


def order(number: int) -> dict[str, Any]:
    return {
        "order_id": f"o{number}",
        "customer_id": f"c{number}",
        "line_id": f"l{number}",
        "refund_id": f"r{number}",
        "ordered_at": datetime(2024, 1, 1, tzinfo=UTC),
        "refunded_at": datetime(2024, 1, 1, tzinfo=UTC),
        "amount": Decimal("11.7700"),
        "currency_code": "EUR",
        "quantity": 1,
        "email": PERSONAL,
        "is_generated_id": False,
        "is_generated": False,
        "source_file": "orders.csv",
        "source_line": number + 2,
    }


def chunk(stream: Stream, first: int = 0, count: int = 4, **third: Any) -> pa.RecordBatch:
    """Some records as the archive holds them; the third may be changed."""
    rows = [order(number) for number in range(first, first + count)]
    if third:
        rows[2] |= third
    own = pa.schema([pa.field(field.name, field.type) for field in stream.schema])
    batch = pa.RecordBatch.from_pylist([{name: row.get(name) for name in own.names} for row in rows], schema=own)
    return batch.append_column(CONTENT_HASH, pa.array(["h"] * count)).append_column(
        ROW_NUMBER, pa.array(range(first, first + count), pa.int64())
    )


def broken(report: ContractReport) -> dict[str, int]:
    return {name: found["row_count"] for name, found in report.violations.items()}


@pytest.mark.parametrize("stream", [ORDERS, ORDER_LINES, REFUNDS, CUSTOMERS])
def test_good_records_keep_the_contract(stream: Stream) -> None:
    report = check_contract(stream, [chunk(stream), chunk(stream, first=4)])
    assert report.has_passed, report.summary()
    assert report.row_count == 8
    required = sum(column.required for column in stream.columns)
    assert report.expectation_count > required + 2
    assert report.summary() == f"{stream.name}: 8 rows keep {report.expectation_count} expectations"


@pytest.mark.parametrize(
    ("stream", "change", "expectation"),
    [
        (ORDERS, {"customer_id": None}, "expect_column_values_to_not_be_null(customer_id)"),
        (ORDERS, {"ordered_at": None}, "expect_column_values_to_not_be_null(ordered_at)"),
        (ORDERS, {"amount": None}, "expect_column_values_to_not_be_null(amount)"),
        (ORDERS, {"is_generated_id": None}, "expect_column_values_to_not_be_null(is_generated_id)"),
        (ORDERS, {"currency_code": "XXZ"}, "expect_column_values_to_be_in_set(currency_code)"),
        (ORDERS, {"currency_code": "eur"}, "expect_column_values_to_be_in_set(currency_code)"),
        (ORDERS, {"amount": Decimal("-0.0001")}, "expect_column_values_to_be_between(amount)"),
        (REFUNDS, {"amount": Decimal("-11.7700")}, "expect_column_values_to_be_between(amount)"),
        (ORDERS, {"quantity": -1}, "expect_column_values_to_be_between(quantity)"),
        (ORDERS, {"order_id": "o" * 256}, "expect_column_value_lengths_to_be_between(order_id)"),
        (ORDERS, {"order_id": ""}, "expect_column_value_lengths_to_be_between(order_id)"),
        (ORDER_LINES, {"line_id": "l" * 256}, "expect_column_value_lengths_to_be_between(line_id)"),
        (CUSTOMERS, {"customer_id": None}, "expect_column_values_to_not_be_null(customer_id)"),
    ],
)
def test_a_bad_record_breaks_the_expectation_that_it_should(
    stream: Stream, change: dict[str, Any], expectation: str
) -> None:
    report = check_contract(stream, [chunk(stream, **change)])
    assert broken(report) == {expectation: 1}
    assert report.violations[expectation]["first_rows"] == [2]
    assert report.summary() == f"{stream.name}: {expectation} broken by 1 row"


@pytest.mark.parametrize(
    ("stream", "change", "expectation"),
    [
        (ORDERS, {"order_id": "o1"}, "expect_column_values_to_be_unique(order_id)"),
        (ORDER_LINES, {"order_id": "o1", "line_id": "l1"}, "expect_compound_columns_to_be_unique(*)"),
    ],
)
def test_a_key_that_stands_twice_breaks_the_contract(stream: Stream, change: dict[str, str], expectation: str) -> None:
    assert broken(check_contract(stream, [chunk(stream, **change)])) == {expectation: 2}


def test_a_line_may_share_its_order_but_not_its_whole_key() -> None:
    assert check_contract(ORDER_LINES, [chunk(ORDER_LINES, order_id="o1")]).has_passed


def test_nothing_that_may_be_absent_or_zero_breaks_the_contract() -> None:
    free = {"amount": Decimal("0.0000"), "quantity": None, "email": None, "source_line": None, "channel": None}
    report = check_contract(ORDERS, [chunk(ORDERS, order_id="o" * 255, **free)])
    assert report.has_passed, report.summary()


def test_chunks_add_up_and_rows_are_counted_within_the_batch() -> None:
    bad = {"currency_code": "XXZ"}
    chunks = (chunk(ORDERS, first=first, **bad) for first in range(0, 28, 4))
    report = check_contract(ORDERS, chunks)
    (found,) = report.violations.values()
    assert report.row_count == 28
    assert found["row_count"] == 7
    assert found["first_rows"] == [2, 6, 10, 14, 18]
    assert "broken by 7 rows" in report.summary()


def test_an_empty_chunk_and_an_empty_batch_break_nothing() -> None:
    assert check_contract(ORDERS, []) == ContractReport("orders")
    assert check_contract(ORDERS, [chunk(ORDERS).slice(0, 0)]) == ContractReport("orders")


def test_a_column_too_many_or_too_few_breaks_the_contract() -> None:
    drift = "expect_table_columns_to_match_ordered_list(*)"
    batch = chunk(ORDERS)
    added = batch.append_column("loyalty_points", pa.array([1, 2, 3, 4]))
    removed = pa.RecordBatch.from_arrays(
        [batch[name] for name in batch.schema.names if name != "channel"],
        names=[name for name in batch.schema.names if name != "channel"],
    )
    swapped = batch.select([*reversed(batch.schema.names)])
    for drifted in (added, removed, swapped):
        report = check_contract(ORDERS, [drifted])
        assert set(report.violations) == {drift}
        assert report.summary() == f"orders: {drift} broken"
    without_amount = batch.select([name for name in batch.schema.names if name != "amount"])
    assert drift in check_contract(ORDERS, [without_amount]).violations


def test_no_value_reaches_the_report() -> None:
    secrets = {
        "order_id": f"{PERSONAL} " * 12,
        "currency_code": "ADA",
        "quantity": -424242,
        "amount": Decimal("-99.1234"),
    }
    report = check_contract(ORDERS, [chunk(ORDERS, **secrets)])
    assert len(report.violations) == 4
    told = f"{report!r} {report.summary()}"
    assert not [value for value in (PERSONAL, "'ADA'", "424242", "99.1234") if value in told]
