"""What happens at a BigCommerce store, its money in every combination, and the truth about it."""

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sandbox_calls import Caller, Clock

from connectors.sandbox.bigcommerce import Activity, BigCommerceApi, Item, Shop, StoreSettings
from connectors.sandbox.catalogue import basket, generated_catalogue

ZERO = Decimal(0)
TAXES = {"US-Texas": Decimal("8.25")}
TEXAS = {"country": "United States", "country_iso2": "US", "state": "Texas"}


def opened(**settings: object) -> tuple[Shop, Clock, Caller]:
    clock = Clock()
    shop = Shop(clock, StoreSettings(tax_rates=TAXES, **settings), quota=None)  # type: ignore[arg-type]
    return shop, clock, Caller(BigCommerceApi(shop), "/stores/sandbox1/", {"x-auth-token": "sandbox-token"})


def test_an_order_with_tax_in_its_prices_states_its_total_net_of_the_tax_that_was_charged() -> None:
    """67.84 of goods, 12.00 of shipping, 5.00 by hand and 5.00 by coupon, at 8.25 percent."""
    shop, _, caller = opened(prices_include_tax=True)
    product = shop.create_product("Towel", Decimal("16.96"))
    shop.create_coupon("FIVE", Decimal(5))
    more: dict[str, Any] = {"shipping": Decimal("12.00"), "discount": Decimal(5), "coupons": ["FIVE"]}
    order = caller.get(f"v2/orders/{shop.place_order([Item(product, quantity=4)], billing=TEXAS, **more)}").body
    figures = {
        "subtotal_ex_tax": "62.6697",
        "subtotal_inc_tax": "67.8400",
        "subtotal_tax": "4.4100",
        "shipping_cost_ex_tax": "11.0900",
        "shipping_cost_inc_tax": "12.0000",
        "shipping_cost_tax": "0.9100",
        "discount_amount": "5.0000",
        "coupon_discount": "5.0000",
        "total_inc_tax": "69.8400",
        "total_tax": "5.3200",
        "total_ex_tax": "64.5200",
    }
    assert {name: order[name] for name in figures} == figures


def test_an_order_with_tax_on_top_charges_it_on_what_is_left_after_discounts() -> None:
    shop, _, caller = opened()
    product = shop.create_product("Towel", Decimal("50.00"))
    order_id = shop.place_order([Item(product, quantity=2)], billing=TEXAS, discount=Decimal(20), shipping=Decimal(10))
    order = caller.get(f"v2/orders/{order_id}").body
    assert (order["subtotal_ex_tax"], order["subtotal_inc_tax"], order["subtotal_tax"]) == (
        "100.0000",
        "108.2500",
        "6.6000",
    )
    assert (order["total_ex_tax"], order["total_tax"], order["total_inc_tax"]) == ("90.0000", "7.4300", "97.4300")
    line = caller.get(f"v2/orders/{order_id}/products").body[0]
    assert (line["total_tax"], line["discounted_total_inc_tax"]) == ("6.6000", "86.6000")
    assert line["applied_discounts"][0]["amount"] == "20.0000"
    taxes = caller.get(f"v2/orders/{order_id}/taxes").body
    assert sum(Decimal(row["line_amount"]) for row in taxes) == Decimal("7.43")


def test_a_refund_by_item_changes_status_line_and_time() -> None:
    shop, clock, caller = opened()
    order_id = shop.place_order([Item(shop.create_product("Towel", Decimal("10.00")), quantity=3)], billing=TEXAS)
    line_id = shop.orders[order_id].lines[0].id
    before = caller.get(f"v2/orders/{order_id}").body["date_modified"]
    clock.move(60)
    shop.refund(order_id, lines={line_id: 1}, reason="Damaged")
    order = caller.get(f"v2/orders/{order_id}").body
    assert (order["status"], order["payment_status"]) == ("Partially Refunded", "partially refunded")
    assert order["date_modified"] != before
    assert order["refunded_amount"] == "0.0000"
    line = caller.get(f"v2/orders/{order_id}/products").body[0]
    assert (line["quantity_refunded"], line["is_refunded"], line["refund_amount"]) == (1, False, "0.0000")
    refund = caller.get(f"v3/orders/{order_id}/payment_actions/refunds").body["data"][0]
    assert (refund["total_amount"], refund["total_tax"]) == (10.83, 0.83)
    assert refund["items"] == [
        {
            "item_type": "PRODUCT",
            "item_id": line_id,
            "reason": "",
            "quantity": 1,
            "requested_amount": None,
            "adjustments": [],
        }
    ]
    shop.refund_rest(order_id)
    assert caller.get(f"v2/orders/{order_id}").body["status"] == "Refunded"
    events = [row["event"] for row in caller.get(f"v3/orders/{order_id}/transactions").body["data"]]
    assert events == ["purchase", "refund", "refund"]
    with pytest.raises(ValueError, match="has 0"):
        shop.refund(order_id, amount=Decimal("0.01"))


def test_an_edited_line_loses_its_discounts() -> None:
    shop, _, caller = opened()
    product = shop.create_product("Towel", Decimal("10.00"))
    shop.create_coupon("FIVE", Decimal(5))
    order_id = shop.place_order([Item(product), Item(product)], coupons=["FIVE"], discount=Decimal(2))
    shop.edit_order(order_id, quantities={shop.orders[order_id].lines[0].id: 2})
    order = caller.get(f"v2/orders/{order_id}").body
    assert (order["coupon_discount"], order["discount_amount"]) == ("2.5000", "1.0000")
    assert (order["total_inc_tax"], caller.get(f"v2/orders/{order_id}/coupons").body[0]["discount"]) == ("26.5000", 2.5)


def test_gift_certificates_are_sold_untaxed_and_pay_without_changing_the_total() -> None:
    shop, _, caller = opened()
    product = shop.create_product("Towel", Decimal("10.00"))
    more: dict[str, Any] = {"gift_certificate": Decimal(4), "store_credit": Decimal(1), "billing": TEXAS}
    order_id = shop.place_order([Item(product), Item(0, price=Decimal(25))], discount=Decimal(1), **more)
    order = caller.get(f"v2/orders/{order_id}").body
    assert (order["total_inc_tax"], order["gift_certificate_amount"]) == ("34.7400", "4.0000")
    certificate = caller.get(f"v2/orders/{order_id}/products").body[1]
    assert (certificate["type"], certificate["total_tax"], certificate["applied_discounts"]) == (
        "giftcertificate",
        "0.0000",
        [],
    )
    paid = caller.get(f"v3/orders/{order_id}/transactions").body["data"]
    assert [(row["method"], row["amount"]) for row in paid] == [
        ("gift_certificate", 4),
        ("store_credit", 1),
        ("credit_card", 29.74),
    ]
    assert shop.net_revenue() == Decimal("9.74")
    consignments = caller.get(f"v2/orders/{order_id}/consignments").body
    assert len(consignments["email"]["gift_certificates"][0]["line_items"]) == 1


def test_an_order_in_another_currency_names_all_of_them() -> None:
    shop, _, caller = opened(exchange_rates={"EUR": Decimal("0.92")})
    product = shop.create_product("Towel", Decimal("10.00"))
    order_id = shop.place_order([Item(product)], currency="EUR", display=("JPY", Decimal(150)))
    order = caller.get(f"v2/orders/{order_id}").body
    assert (order["currency_code"], order["default_currency_code"]) == ("JPY", "EUR")
    assert (order["store_default_currency_code"], order["currency_exchange_rate"]) == ("USD", "150.0000000000")
    assert order["store_default_to_transactional_exchange_rate"] == "0.9200000000"
    assert (shop.net_revenue(), shop.net_revenue("EUR")) == (ZERO, Decimal(10))
    shop.settings.is_multi_currency = False
    assert caller.get(f"v2/orders/{order_id}").body["store_default_currency_code"] == ""


def test_what_is_not_paid_cancelled_or_archived_is_no_revenue() -> None:
    shop, clock, _ = opened()
    product = shop.create_product("Towel", Decimal("10.00"))
    evening = datetime(2026, 3, 2, 3, 30, tzinfo=UTC)
    kept = shop.place_order([Item(product)], ordered_at=evening)
    for status_id in (0, 1, 5, 6, 7):
        shop.place_order([Item(product)], status_id=status_id)
    shop.archive_order(shop.place_order([Item(product)]))
    clock.at = evening + timedelta(days=2)
    shop.refund(kept, amount=Decimal(3))
    assert shop.net_revenue_by_day() == {date(2026, 3, 1): Decimal(10), date(2026, 3, 3): Decimal(-3)}


def lively(shop: Shop, clock: Clock, steps: int) -> Counter[str]:
    activity, done = Activity(shop, Random(7)), Counter[str]()
    for step in range(steps):
        done[activity.step()] += 1
        clock.move(step % 3)
    return done


def test_activity_is_the_same_for_the_same_seed_and_does_everything() -> None:
    truths = []
    for _ in range(2):
        shop, clock, _ = opened(exchange_rates={"EUR": Decimal("0.92")})
        shop.load_catalogue(generated_catalogue(products=12))
        done = lively(shop, clock, 600)
        truths.append(shop.truth())
    assert truths[0] == truths[1]
    assert len(done) == 20
    assert {row["is_deleted"] for row in truths[0]["orders"]} == {False, True}


def test_the_truth_is_what_the_api_shows() -> None:
    shop, clock, caller = opened(lists_archived=True)
    shop.load_catalogue(generated_catalogue(products=12))
    lively(shop, clock, 400)
    truth = shop.truth()
    query = "include=consignments.line_items,fees&consignment_structure=object&limit=250&page="
    seen = [order for page in (1, 2) for order in caller.get("v2/orders", f"{query}{page}").body or ()]
    assert {row["id"]: row["total_inc_tax"] for row in truth["orders"]} == {
        order["id"]: Decimal(order["total_inc_tax"]) for order in seen
    }
    lines: dict[int, Decimal] = {}
    for order in seen:
        parts = order["consignments"]
        for part in (*parts["shipping"], *parts["downloads"], *parts["email"]["gift_certificates"]):
            lines.update({line["id"]: Decimal(line["total_ex_tax"]) for line in part["line_items"]})
    assert {row["id"]: row["total_ex_tax"] for row in truth["order_lines"]} == lines
    refunds = caller.get("v3/orders/payment_actions/refunds", "limit=250").body["data"]
    assert {row["id"]: row["total_amount"] for row in truth["refunds"]} == {
        row["id"]: Decimal(str(row["total_amount"])) for row in refunds
    }


def test_history_loads_and_baskets_cost_what_they_must() -> None:
    shop, clock, _ = opened()
    random, catalogue, total = Random(1), generated_catalogue(), ZERO
    items = shop.load_catalogue(catalogue)
    for number in range(300):
        amount = Decimal(random.randint(1, 20_000)) / 100
        lines = [
            replace(items[line.variant.sku], quantity=line.quantity, price=line.unit_price)
            for line in basket(catalogue.products, amount, "USD", random)
        ]
        shop.place_order(lines, ordered_at=clock.at - timedelta(days=number), status_id=10)
        total += amount
    assert shop.net_revenue() == total


prices = st.decimals("0.01", "999.99", places=2)


@st.composite
def orders(draw: st.DrawFn) -> tuple[Shop, int]:
    rate = draw(st.sampled_from([ZERO, Decimal("8.25"), Decimal("19.6"), Decimal(20)]))
    settings = StoreSettings(prices_include_tax=draw(st.booleans()), tax_rates={"US": rate})
    shop = Shop(Clock(), settings, quota=None)
    products = [shop.create_product("Thing", Decimal(1)), shop.create_product("Book", Decimal(1), is_taxable=False)]
    products.append(shop.create_product("Song", Decimal(1), kind="digital"))
    kind = draw(st.sampled_from(["percentage_discount", "per_total_discount", "per_item_discount"]))
    shop.create_coupon("CODE", draw(st.decimals("0.01", "99.99", places=2)), kind)
    wrapping = st.sampled_from([ZERO, Decimal("2.49")])
    line = st.builds(Item, st.sampled_from(products), quantity=st.integers(1, 7), price=prices, wrapping=wrapping)
    order_id = shop.place_order(
        draw(st.lists(line, min_size=1, max_size=4)),
        shipping=draw(st.sampled_from([ZERO, Decimal("4.99"), (Decimal("4.99"), Decimal("7.01"))])),
        handling=draw(st.sampled_from([ZERO, Decimal("1.23")])),
        fees=draw(st.sampled_from([(), [("Fee", Decimal("1.99"))]])),
        discount=draw(st.sampled_from([ZERO, Decimal("3.33")])),
        coupons=draw(st.sampled_from([(), ("CODE",)])),
    )
    return shop, order_id


@given(orders())
def test_terms_add_up_to_the_total_to_the_cent(made: tuple[Shop, int]) -> None:
    shop, order_id = made
    order, fees = shop.orders[order_id], defaultdict[str, Decimal](Decimal)
    for fee in order.fees:
        fees["ex_tax"] += fee.cost.ex_tax
        fees["inc_tax"] += fee.cost.inc_tax
        fees["tax"] += fee.cost.tax
    parts = (order.subtotal, order.shipping, order.handling, order.wrapping)
    taken = order.discount_amount + order.coupon_discount
    side = "inc_tax" if order.is_tax_inclusive else "ex_tax"
    assert sum(getattr(part, side) for part in parts) + fees[side] - taken == getattr(order.total, side)
    assert sum(part.tax for part in parts) + fees["tax"] == order.total.tax
    assert order.total.ex_tax + order.total.tax == order.total.inc_tax
    assert sum(line.discount for line in order.lines) == taken
    assert sum(coupon.discount for coupon in order.coupons) == order.coupon_discount
    paid = sum(row.amount for row in order.transactions)
    assert paid == order.total.inc_tax


@given(orders(), st.data())
def test_refunds_add_up_and_never_exceed_the_order(made: tuple[Shop, int], data: st.DataObject) -> None:
    shop, order_id = made
    order = shop.orders[order_id]
    line = data.draw(st.sampled_from(order.lines))
    try:
        shop.refund(order_id, lines={line.id: data.draw(st.integers(1, line.quantity))})
    except ValueError:
        assert line.refunded_amount == 0
    if shop.refundable(order_id) > 0:
        shop.refund_rest(order_id)
    refunds = [shop.refunds[refund_id] for refund_id in order.refund_ids]
    assert sum(refund.total_amount for refund in refunds) == order.total.inc_tax
    for refund in refunds:
        assert sum(item.amount for item in refund.items) == refund.total_amount
        assert sum(item.tax for item in refund.items) == refund.total_tax
    assert shop.net_revenue() == 0
