"""A real WooCommerce 11.0.1 shop's answers, as they were recorded."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connectors.messages import HttpResponse
from connectors.sources.woocommerce.bodies import api_error
from connectors.sources.woocommerce.columns import Conversion
from connectors.sources.woocommerce.decoding import Decoder
from connectors.sources.woocommerce.orders import WholeOrder, order_batches
from connectors.sources.woocommerce.product_steps import PRODUCT_TABLE, VARIANT_TABLE
from connectors.sources.woocommerce.shapes import Coupon, Customer, Order, Product, Refund, Report, Variation
from connectors.sources.woocommerce.tables import Parts, Table
from models.records.woocommerce import CUSTOMERS, DISCOUNTS

RECORDINGS = Path(__file__).parents[3] / "shared" / "contracts" / "woocommerce"
ORDERS = [
    "order_create_tax_coupon",
    "order_create_variation",
    "order_create_guest",
    "order_create_pending",
    "order_create_5",
    "order_create_6",
    "order_after_partial_refund",
    "order_after_full_refund",
    "order_trash",
    "order_force_delete",
]

pytestmark = pytest.mark.skipif(not RECORDINGS.is_dir(), reason="needs the recordings of a real shop")


def recorded(name: str) -> dict[str, Any]:
    recording: dict[str, Any] = json.loads((RECORDINGS / f"{name}.json").read_text(encoding="utf-8"))
    return recording


def text_of(name: str) -> bytes:
    return json.dumps(recorded(name)["body"]).encode()


def response_of(name: str) -> HttpResponse:
    recording = recorded(name)
    return HttpResponse(recording["status"], recording["headers"], json.dumps(recording["body"]).encode())


@pytest.mark.parametrize("name", ORDERS)
def test_an_order_reads_quickly_and_its_terms_add_up_to_its_total(name: str) -> None:
    decoder = Decoder(Order)
    order = decoder._quick.decode(text_of(name))
    assert decoder.decode(text_of(name)) == order
    batches, problems = order_batches([WholeOrder(order, [], text_of(name))], Conversion())
    assert problems == {}
    row = batches["orders"].to_pylist()[0]
    lines, shipping, taxes = (
        sum(batches[stream].column(name).to_pylist(), Decimal(0))
        for stream, name in (
            ("order_lines", "total"),
            ("order_shipping_lines", "total"),
            ("order_taxes", "tax_total"),
        )
    )
    assert lines + shipping + taxes + row["shipping_tax"] == row["total"]
    assert row["total_tax"] == row["cart_tax"] + row["shipping_tax"]


def test_both_kinds_of_refund_are_read_whole() -> None:
    for name, order_name in (
        ("refund_partial", "order_after_partial_refund"),
        ("refund_full", "order_after_full_refund"),
    ):
        order = Decoder(Order).decode(text_of(order_name))
        refund = Decoder(Refund).decode(text_of(name))
        assert [summary.id for summary in order.refunds] == [refund.id]
        batches, _ = order_batches([WholeOrder(order, [refund], b"")], Conversion())
        (row,) = batches["refunds"].to_pylist()
        assert row["refund_type"] == name.removeprefix("refund_")
        assert row["amount"] == Decimal(recorded(name)["body"]["amount"])
        lines = batches["refund_lines"].to_pylist()
        assert [line["refunded_item_id"] for line in lines] == (["1"] if name == "refund_partial" else [])
        assert all(line["total"] < 0 for line in lines)


def test_the_list_of_all_refunds_names_each_ones_order() -> None:
    (refund,) = (Decoder(Refund).decode(json.dumps(body).encode()) for body in recorded("refunds_list")["body"])
    assert (refund.id, refund.parent_id, refund.amount) == (24, 21, "27.20")


def test_customers_products_variations_and_coupons_read_quickly() -> None:
    customers = [Decoder(Customer)._quick.decode(text_of(f"customer_create_{i}")) for i in range(5)]
    assert Table(CUSTOMERS, Customer).batch(customers, Conversion()).num_rows == 5
    coupon = Decoder(Coupon)._quick.decode(text_of("coupon_create"))
    (row,) = Table(DISCOUNTS, Coupon).batch([coupon], Conversion()).to_pylist()
    assert (row["code"], row["amount"], row["usage_limit"]) == ("ten", Decimal(10), None)
    names = ["product_create_0", "product_create_1", "product_create_2", "product_create_3", "product_variable_create"]
    products = [Decoder(Product)._quick.decode(text_of(name)) for name in names]
    assert PRODUCT_TABLE.batch(products, Conversion()).column("price").to_pylist()[1] == Decimal("8.5")
    variation = Decoder(Variation)._quick.decode(text_of("variation_create"))
    parts = Parts([variation], [0], {"product_id": ["14"]})
    (row,) = VARIANT_TABLE.batch_of_parts(parts, Conversion()).to_pylist()
    assert (row["name"], row["sku"], row["price"]) == ("S", "VS-S", Decimal(25))


def test_the_report_on_orders_names_every_status_of_the_shop() -> None:
    slugs = [
        Decoder(Report).decode(json.dumps(line).encode()).slug for line in recorded("report_orders_totals")["body"]
    ]
    assert {"pending", "processing", "refunded", "checkout-draft"} <= set(slugs)


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("unauth", 401, "woocommerce_rest_cannot_view"),
        ("badauth", 401, "woocommerce_rest_cannot_view"),
        ("order_404", 404, "woocommerce_rest_shop_order_invalid_id"),
        ("orders_bad_date", 400, "rest_invalid_param"),
        ("orders_per_page_101", 400, "rest_invalid_param"),
    ],
)
def test_refusals_have_the_codes_that_are_looked_at(name: str, status: int, code: str) -> None:
    response = response_of(name)
    assert (response.status, api_error(response).code) == (status, code)


def test_past_the_end_a_list_counts_nothing() -> None:
    response = response_of("orders_page_999")
    assert (response.content, response.headers["X-WP-Total"]) == (b"[]", "0")
