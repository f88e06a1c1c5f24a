"""From JSON to rows: exact amounts in both currencies, times in UTC, and records that are not what they should be."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shopify_scripted import (
    Json,
    Pages,
    ScriptedShop,
    bag,
    connection,
    data,
    line,
    order,
    refund,
    scripted_shop,
    transaction,
)

from connectors.sources.shopify.answers import frame_decoder, number
from connectors.sources.shopify.batches import Assembly, record_batch
from connectors.sources.shopify.catalogue import Collections, Products
from connectors.sources.shopify.checkouts import Checkouts
from connectors.sources.shopify.customers import Customer, Customers
from connectors.sources.shopify.discounts import Discounts
from connectors.sources.shopify.orders import Orders
from models.records import Correction
from models.records.shopify import ORDER_STREAMS, ORDERS

SCOPES = ["read_orders", "read_all_orders"]
CURSOR: Json = {
    "version": 2,
    "newest": {"orders": "2026-07-01T00:00:00Z", "checkouts": "2026-07-01T00:00:00Z"},
    "until": None,
    "asked_at": None,
    "steps": [],
    "place": {},
    "compared_at": "2026-08-01T11:00:00Z",
    "hidden": [],
}


@pytest.fixture
def shop() -> Iterator[ScriptedShop]:
    with scripted_shop(scopes=SCOPES) as running:
        yield running


def read(shop: ScriptedShop, *orders: Json, **changes: Any) -> Pages:
    shop.answer("Orders", data(connection=connection(list(orders))))
    return shop.read(CURSOR, **changes)[2]


def test_r8_amounts_are_exact_in_both_currencies(shop: ScriptedShop) -> None:
    pages = read(shop, order(1, totalPriceSet=bag("100000000000.10", "135.3"), presentmentCurrencyCode="CAD"))
    row = pages.rows("orders")[0]
    assert row["total_price_shop_amount"] == Decimal("100000000000.1000")
    assert row["total_price_presentment_amount"] == Decimal("135.3000")
    assert (row["currency_code"], row["presentment_currency_code"]) == ("USD", "CAD")


@given(st.decimals(-(10**13), 10**13, places=3, allow_nan=False))
def test_r8_whatever_shopify_writes_as_an_amount_comes_out_as_it_is(amount: Decimal) -> None:
    """Yen have no decimal places, and dinars three."""
    text = format(amount, "f")
    for written in {text, text.rstrip("0").rstrip(".") if "." in text else text}:
        batch = record_batch(ORDERS, [tuple(written if "amount" in c.name else _some(c.name) for c in ORDERS.columns)])
        assert batch.to_pylist()[0]["total_price_shop_amount"] == amount


def _some(column: str) -> Any:
    if column in {"created_at", "processed_at", "updated_at"}:
        return "2026-01-01T00:00:00Z"
    if column in {"test", "taxes_included"}:
        return False
    return "x" if column in {"order_id", "currency_code", "presentment_currency_code"} else None


def test_r7_times_are_utc_whatever_offset_they_carry(shop: ScriptedShop) -> None:
    pages = read(shop, order(1, processedAt="2026-07-01T10:00:00+05:30"))
    assert pages.rows("orders")[0]["processed_at"] == datetime(
        2026, 7, 1, 10, tzinfo=timezone(timedelta(hours=5, minutes=30))
    )


def test_what_a_line_is_made_of(shop: ScriptedShop) -> None:
    allocations = [{"allocatedAmountSet": bag("1.0")}, {"allocatedAmountSet": bag("0.33")}]
    gift = line(2, isGiftCard=True, currentQuantity=0, discountAllocations=allocations)
    duties = [{"price": bag("3.5")}]
    pages = read(shop, order(1, lineItems=connection([line(1, duties=duties), gift])))
    first, second = pages.rows("order_lines")
    assert (first["order_id"], first["line_id"], first["product_id"], first["variant_id"]) == ("1", "1", "7", None)
    assert (first["quantity"], first["current_quantity"]) == (2, 2)
    assert first["original_total_shop_amount"] == Decimal(20)
    assert first["tax_lines_shop_amount"] == Decimal("1.75")
    assert first["duties_shop_amount"] == Decimal("3.5")
    assert first["discount_allocations_shop_amount"] == Decimal(0)
    assert (second["is_gift_card"], second["current_quantity"]) == (True, 0)
    assert second["discount_allocations_shop_amount"] == Decimal("1.33")


def test_shipping_discounts_fees_and_taxes_of_an_order(shop: ScriptedShop) -> None:
    shipping = {
        "id": None,
        "title": "Express",
        "isRemoved": True,
        "originalPriceSet": bag("8"),
        "discountedPriceSet": bag("6"),
        "taxLines": [{"priceSet": bag("0.6")}],
    }
    by_code = {"__typename": "DiscountCodeApplication", "index": 0, "code": "TEN", "value": {"percentage": 10.5}}
    by_hand = {"__typename": "ManualDiscountApplication", "index": 1, "value": {"amount": "3.0", "currencyCode": "USD"}}
    fee = {"id": "gid://shopify/AdditionalFee/4", "name": "Bag", "price": bag("0.1"), "taxLines": []}
    tax = {"title": "NY", "rate": 0.08875, "priceSet": bag("1.75")}
    pages = read(
        shop,
        order(
            1,
            shippingLines=connection([shipping]),
            discountApplications=connection([by_code, by_hand]),
            additionalFees=[fee],
            taxLines=[tax, tax],
        ),
    )
    assert pages.rows("order_shipping_lines")[0]["shipping_line_id"] == "Express"
    assert pages.rows("order_shipping_lines")[0]["tax_lines_shop_amount"] == Decimal("0.6")
    first, second = pages.rows("order_discounts")
    assert (first["discount_index"], first["code"], first["value_percentage"]) == ("0", "TEN", Decimal("10.5"))
    assert (second["value_amount"], second["value_currency_code"]) == (Decimal(3), "USD")
    assert pages.rows("order_fees")[0]["price_shop_amount"] == Decimal("0.1")
    assert [(t["tax_index"], t["rate"]) for t in pages.rows("order_taxes")] == [
        ("0", Decimal("0.08875")),
        ("1", Decimal("0.08875")),
    ]


def test_r5_refunds_come_line_by_line_with_their_order(shop: ScriptedShop) -> None:
    """Failure mode 5: refunds absent, or half unrolled."""
    lines = [
        {
            "id": name and f"gid://shopify/RefundLineItem/{name}",
            "lineItem": {"id": "gid://shopify/LineItem/10"},
            "quantity": 1,
            "restockType": "RETURN",
            "subtotalSet": bag("9.0"),
            "totalTaxSet": bag("1.0"),
        }
        for name in ("5", None)
    ]
    shipping = {"id": "gid://shopify/RefundShippingLine/6", "subtotalAmountSet": bag("2"), "taxAmountSet": bag("0.2")}
    adjustment = {"id": "gid://shopify/OrderAdjustment/7", "amountSet": bag("-1"), "taxAmountSet": bag("0")}
    whole = refund(
        3,
        duties=[{"amountSet": bag("0.5")}],
        refundLineItems=connection(lines),
        refundShippingLines=connection([shipping]),
        orderAdjustments=connection([adjustment]),
        transactions=connection([{"id": "gid://shopify/OrderTransaction/12"}]),
    )
    paid, back = transaction(11), transaction(12, kind="REFUND", parentTransaction={"id": "x/11"})
    node = {"id": "gid://shopify/Order/1", "updatedAt": "x", "transactions": [paid, back], "refunds": [whole]}
    shop.answer("OrderRefunds", data(nodes=[node]))
    pages = read(shop, order(1, refunds=[{"id": "gid://shopify/Refund/3"}], transactions=[paid]))
    assert pages.keys("refunds") == ["1"]
    assert pages.rows("refunds")[0]["duties_shop_amount"] == Decimal("0.5")
    assert [row["refund_line_id"] for row in pages.rows("refund_lines")] == ["5", "3-1"]
    assert pages.rows("refund_lines")[0]["line_id"] == "10"
    assert pages.rows("refund_shipping_lines")[0]["tax_shop_amount"] == Decimal("0.2")
    assert pages.rows("refund_adjustments")[0]["amount_shop_amount"] == Decimal(-1)
    assert [(t["transaction_id"], t["refund_id"]) for t in pages.rows("transactions")] == [("11", None), ("12", "3")]


def test_an_order_whose_refunds_cannot_be_read_is_set_aside_whole(shop: ScriptedShop) -> None:
    node = {"id": "gid://shopify/Order/1", "updatedAt": "x", "transactions": [], "refunds": [{"id": "x/3"}]}
    shop.answer("OrderRefunds", data(nodes=[node]))
    pages = read(shop, order(1, refunds=[{"id": "gid://shopify/Refund/3"}]), order(2))
    assert pages.keys("orders") == ["2"]
    assert [row["order_id"] for row in pages.rows("order_lines")] == ["2"]
    assert [(r.stream, r.key) for r in pages.rejected()] == [("orders", "1")]


def test_whole_records_come_along_for_the_archive(shop: ScriptedShop) -> None:
    sent = order(1, note="gift", customAttributes=[{"key": "engraving", "value": "for Ann"}], unheardOf={"a": 1})
    pages = read(shop, sent)
    page = next(page for page in pages.pages if page.stream == "orders")
    assert page.payloads is not None
    assert json.loads(page.payloads[0].as_py()) == sent


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"createdAt": None}, "createdAt"),
        ({"createdAt": "yesterday"}, "created_at"),
        ({"processedAt": "2026-07-01T00:00:00"}, "processed_at"),
        ({"totalPriceSet": bag("12,50")}, "total_price_shop_amount"),
        ({"totalPriceSet": bag("0.00001")}, "total_price_shop_amount"),
        ({"totalPriceSet": {"shopMoney": {"amount": 12.5}}}, "totalPriceSet.shopMoney.amount"),
        ({"lineItems": connection([line(1, quantity=None)])}, "lineItems.nodes[0].quantity"),
        ({"id": "what"}, "*"),
    ],
)
def test_a_record_that_cannot_be_read_is_set_aside_and_the_rest_go_on(
    shop: ScriptedShop, changes: Json, field: str
) -> None:
    pages = read(shop, order(1), order(2, **changes), order(3))
    assert pages.keys("orders") == ["1", "3"]
    assert [row["order_id"] for row in pages.rows("order_lines")] == ["1", "3"]
    (rejected,) = pages.rejected()
    assert (rejected.stream, rejected.field) == ("orders", field)
    assert json.loads(rejected.raw_text)["name"] == "#2"
    assert "perennial replay-rejects" in rejected.reason


def test_a_bad_amount_of_a_part_is_set_aside_with_its_key(shop: ScriptedShop) -> None:
    lines = [line(1), line(2, originalUnitPriceSet=bag("ten")), line(3)]
    pages = read(shop, order(1, lineItems=connection(lines)))
    assert [row["line_id"] for row in pages.rows("order_lines")] == ["1", "3"]
    (rejected,) = pages.rejected()
    assert (rejected.stream, rejected.key, rejected.field) == ("order_lines", "1/2", "original_unit_price_shop_amount")


def test_a_correction_is_read_in_the_records_place(shop: ScriptedShop) -> None:
    bad = order(2, createdAt=None)
    (rejected,) = read(shop, bad).rejected()
    good = json.dumps(order(2, createdAt="2026-07-01T00:00:00Z"))
    correction = Correction("orders", rejected.raw_text, good, shop.clock())
    assert read(shop, bad, corrections=[correction]).keys("orders") == ["2"]


def test_a_character_that_postgres_cannot_hold_is_replaced(shop: ScriptedShop) -> None:
    assert read(shop, order(1, name="a\0b")).rows("orders")[0]["name"] == "a\ufffdb"


def test_a_column_is_halved_until_its_bad_rows_are_found() -> None:
    entity = Customers()
    assembly = Assembly(entity.stream, entity.parts)
    for place in range(1000):
        at = "never" if place in {0, 1, 500, 999} else "2026-01-01T00:00:00Z"
        assembly.add(entity.row(Customer(f"gid://shopify/Customer/{place}", at, "2026-01-01T00:00:00Z")), b"{}")
    pages = list(assembly.pages())
    assert sum(page.records.num_rows for page in pages) == 996
    assert [r.key for page in pages for r in page.rejected] == ["0", "1", "500", "999"]


@pytest.mark.parametrize("entity", [Customers(), Products(), Collections(), Discounts(), Orders(), Checkouts()])
def test_every_stream_has_a_key_and_payload_in_its_first_column(entity: Any) -> None:
    assert entity.stream.key == (entity.stream.columns[0].name,)
    assert all(part.parent_key == entity.stream.key for part in entity.parts)
    assert {child.stream for child in entity.children.values()} <= {part.name for part in entity.parts}


def test_order_streams_are_all_filled_somewhere() -> None:
    assert {stream.name for stream in (Orders.stream, *Orders.parts)} == {stream.name for stream in ORDER_STREAMS}


def test_ids_are_the_number_at_the_end() -> None:
    assert number("gid://shopify/Order/450789469") == "450789469"
    with pytest.raises(ValueError, match="substring"):
        number("450789469")


def test_every_recorded_answer_has_a_frame_that_is_understood(contracts_folder: Path) -> None:
    """What real shops answered: costs, throttle status and errors."""
    answers = [
        answer
        for path in (contracts_folder / "shopify" / "recordings").rglob("*.json")
        for answer in _answers(json.loads(path.read_text(encoding="utf-8")))
    ]
    assert len(answers) > 1000
    denied = 0
    for answer in answers:
        frame = frame_decoder.decode(msgspec.json.encode(answer))
        assert frame.cost is None or frame.cost.throttle_status is not None
        denied += sum(error.code == "ACCESS_DENIED" for error in frame.error_list)
    assert denied > 0


def _answers(value: Any) -> Iterator[Json]:
    if isinstance(value, dict):
        if "extensions" in value and ("data" in value or "errors" in value):
            yield value
            return
        for inner in value.values():
            yield from _answers(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _answers(inner)


def test_recorded_orders_keep_their_amounts(contracts_folder: Path) -> None:
    """Order totals as real shops wrote them, such as "110.0"."""
    path = contracts_folder / "shopify" / "recordings" / "orders" / "return-reverse-logistics-recorded.json"
    recorded = json.loads(path.read_text(encoding="utf-8"))["setup"]["orderCreate"]["response"]["payload"]["data"]
    money = recorded["orderCreate"]["order"]["totalPriceSet"]
    money["presentmentMoney"] = money["shopMoney"]
    with scripted_shop(scopes=SCOPES) as shop:
        row = read(shop, order(1, totalPriceSet=money)).rows("orders")[0]
    assert row["total_price_shop_amount"] == Decimal(110)
    assert row["created_at"] == datetime(2026, 7, 1, tzinfo=UTC)
