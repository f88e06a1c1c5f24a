"""What PHP and plugins make of WooCommerce's types, and amounts to the last digit."""

import json
from decimal import Decimal
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sources.woocommerce.bodies import NotJsonError, json_part, raw_records, record
from connectors.sources.woocommerce.columns import Conversion, amounts, moment_of, moments
from connectors.sources.woocommerce.decoding import Decoder
from connectors.sources.woocommerce.orders import WholeOrder, order_batches
from connectors.sources.woocommerce.shapes import Coupon, Customer, LineItem, Meta, Order, Refund
from models.errors import RejectedRecordError
from models.records import MONEY

ORDER: dict[str, Any] = {"id": 17, "status": "processing", "currency": "USD", "total": "126.91"}


def order(**changes: Any) -> Order:
    return Decoder(Order).decode(json.dumps(ORDER | changes).encode())


def test_other_types_of_one_meaning_are_understood() -> None:
    read = order(
        id="17",
        total=126.91,
        number=17,
        customer_id="",
        billing=[],
        shipping=None,
        prices_include_tax="yes",
        date_paid_gmt=False,
        refunds={"0": {"id": "5"}},
        line_items={"1": {"id": 1, "total": 5, "quantity": "2", "variation_id": False}},
        fee_lines="",
    )
    assert (read.id, read.total, read.number, read.customer_id) == (17, "126.91", "17", None)
    assert read.prices_include_tax is True
    assert (read.billing.email, read.fee_lines) == (None, ())
    assert [refund.id for refund in read.refunds] == [5]
    assert read.line_items == (LineItem(id=1, total="5", quantity=Decimal(2), variation_id=0),)


def test_a_binary_fraction_keeps_the_digits_that_were_sent() -> None:
    text = b'{"id":1,"status":"x","currency":"USD","total":17.993333333333332}'
    assert Decoder(Order).decode(text).total == "17.993333333333332"


def test_texts_are_not_mistaken_for_what_they_spell() -> None:
    customer = Decoder(Customer).decode(b'{"id":1,"last_name":"Null","first_name":"True","email":"\\u00fc@x.example"}')
    assert (customer.last_name, customer.first_name, customer.email) == ("Null", "True", "ü@x.example")


def test_what_no_database_holds_is_taken_out() -> None:
    assert order(customer_note="a\0b").customer_note == "ab"
    assert raw_records(b'[{"id":1,"name":"cut \\ud83d"}]')
    assert Decoder(Coupon).decode(bytes(raw_records(b'[{"id":1,"code":"\\ud83d\\ude00"}]')[0])).code == "😀"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"id": "x"}, "id"),
        ({"total": None}, "total"),
        ({"currency": None}, "currency"),
        ({"line_items": "none"}, "line_items"),
        ({"line_items": [{"id": 1}]}, "line_items[0].total"),
        ({"line_items": [{"id": 1, "total": "1", "quantity": "many"}]}, "line_items[0].quantity"),
        ({"billing": 5}, "billing"),
        ({"prices_include_tax": "maybe"}, "prices_include_tax"),
    ],
)
def test_what_has_no_meaning_is_refused_with_its_field(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(RejectedRecordError) as raised:
        order(**changes)
    assert raised.value.field == field


def test_json_is_found_among_warnings_but_not_made_up() -> None:
    warning = b"<br />\n<b>Warning</b>: Undefined array key [0] in {main} on line <b>3</b><br />\n"
    assert json_part(warning + b'[{"id":1,"meta":[]}]', b"[") == b'[{"id":1,"meta":[]}]'
    assert raw_records(warning + b"[]") == []
    assert len(raw_records(b'{"0":{"id":1},"2":{"id":2}}')) == 2


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><title>Down</title></html>",
        b'{"code":"rest_no_route","message":"No.","data":{"params":[]}}',
        b'Warning: x {"code":"rest_no_route","data":{"params":[],"details":[{"a":1}]}}',
        b"null",
        b'[{"id":1},',
    ],
)
def test_what_is_no_list_is_never_an_empty_one(body: bytes) -> None:
    with pytest.raises(NotJsonError):
        raw_records(body)


def test_of_an_answer_that_was_cut_off_no_part_is_taken_for_the_whole() -> None:
    lines = [{"id": 900, "total": "5"}, {"id": 901, "total": "6"}]
    orders = [{"id": 6, "_links": {}}, {"id": 7, "meta": "[a]", "line_items": lines, "billing": {"id": 1}, "note": "-"}]
    for printed in ("", "<b>Warning</b>: key [0] in {main}<br />\n"):
        whole = f"{printed}{json.dumps(orders)}".encode()
        assert len(raw_records(whole)) == 2
        for end in range(len(printed), len(whole)):
            with pytest.raises(NotJsonError):
                raw_records(whole[:end])
        one = f"{printed}{json.dumps(orders[1])}".encode()
        for end in range(len(printed), len(one)):
            with pytest.raises(NotJsonError):
                record(one[:end], msgspec.Raw)


def converted(texts: list[str | None]) -> tuple[list[Decimal | None], Conversion]:
    conversion = Conversion()
    return amounts(MONEY)(texts, "total", conversion).to_pylist(), conversion


@given(st.lists(st.decimals(-(10**13), 10**13, places=4, allow_nan=False), max_size=20))
def test_four_places_are_kept_exactly(values: list[Decimal]) -> None:
    given_texts: list[str | None] = [f"{value:f}" for value in values]
    found, conversion = converted(given_texts)
    assert (found, conversion.rounded_count) == (values, 0)


def test_more_places_are_rounded_as_woocommerce_rounds_and_counted() -> None:
    found, conversion = converted(["16.806723", "16.80665", "-16.80665", "126.910000", "", None])
    assert found == [Decimal("16.8067"), Decimal("16.8067"), Decimal("-16.8067"), Decimal("126.91"), None, None]
    assert (conversion.rounded_count, conversion.problems) == (3, {})


def test_even_a_binary_fractions_digits_lose_no_order() -> None:
    found, conversion = converted(["17.993333333333332", "5"])
    assert found == [Decimal("17.9933"), Decimal(5)]
    assert (conversion.rounded_count, conversion.problems) == (1, {})


@pytest.mark.parametrize("text", ["abc", "1,000.00", "NaN", "1e400", "999999999999999.00"])
def test_what_is_no_amount_is_a_problem_of_its_row(text: str) -> None:
    found, conversion = converted(["1.00", text])
    assert found == [Decimal(1), None]
    assert list(conversion.problems) == [1]


def test_times_are_utc_and_nothing_is_null() -> None:
    written = [
        "2026-11-21T07:03:13",
        None,
        "",
        "0000-00-00T00:00:00",
        "-0001-11-30T00:00:00",
        "2026-11-21T02:03:13-05:00",
    ]
    conversion = Conversion()
    column = moments(written, "date", conversion)
    assert column.type == pa.timestamp("us", "UTC")
    assert [value is None for value in column.to_pylist()] == [False, True, True, True, True, False]
    assert column[0] == column[5]
    with pytest.raises(ValueError, match="not a date"):
        moment_of("yesterday")


def batches_of(*orders: Order, refunds: list[Refund] | None = None) -> tuple[dict[str, pa.RecordBatch], dict[int, Any]]:
    return order_batches([WholeOrder(one, refunds or [], b"{}") for one in orders], Conversion())


def test_an_order_is_refused_whole_and_the_others_go_on() -> None:
    bad = order(id=18, line_items=[{"id": 1, "total": "5"}, {"id": 2, "total": "five"}])
    _, problems = batches_of(order(), bad)
    assert {position: problem.field for position, problem in problems.items()} == {1: "order_lines.total"}
    batches, problems = batches_of(order())
    assert (batches["orders"].num_rows, batches["order_lines"].num_rows, problems) == (1, 0, {})


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"id": 2**63}, "id"),
        ({"customer_id": 10**30}, "customer_id"),
        ({"line_items": [{"id": 1, "total": "5", "product_id": -(2**64)}]}, "order_lines.product_id"),
    ],
)
def test_a_number_that_no_column_holds_is_a_problem_of_its_order(changes: dict[str, Any], field: str) -> None:
    _, problems = batches_of(order(), order(**changes))
    assert {position: problem.field for position, problem in problems.items()} == {1: field}


def test_lines_that_plugins_number_alike_are_all_kept() -> None:
    batches, _ = batches_of(order(fee_lines=[{"id": 0, "total": "1"}, {"id": 0, "total": "2"}]))
    assert batches["order_fees"].column("fee_line_id").to_pylist() == ["0", "0#2"]


def test_an_empty_amount_of_a_line_is_nought_as_in_php() -> None:
    batches, problems = batches_of(order(line_items=[{"id": 1, "total": ""}]))
    assert (batches["order_lines"].column("total").to_pylist(), problems) == ([Decimal(0)], {})


def test_refund_lines_name_what_they_refund() -> None:
    line = {
        "id": 9,
        "total": "-5.00",
        "method_title": "Flat",
        "meta_data": [{"key": "_refunded_item_id", "value": "3"}],
    }
    refund = Decoder(Refund).decode(json.dumps({"id": 5, "amount": "5", "shipping_lines": [line]}).encode())
    refund.meta_data = [Meta("_refund_type", "partial")]
    batches, _ = batches_of(order(), refunds=[refund])
    (row,) = batches["refund_lines"].to_pylist()
    assert (row["line_type"], row["refunded_item_id"], row["name"]) == ("shipping", "3", "Flat")
    assert batches["refunds"].column("refund_type").to_pylist() == ["partial"]
