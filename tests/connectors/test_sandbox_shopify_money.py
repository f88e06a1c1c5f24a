"""The sandbox's money: whatever happens to a shop, its orders, refunds and days add up to the cent."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shopify_calls import NOW, Called, called, dollars

from connectors.sandbox.shopify import Activity, load
from connectors.sandbox.shopify.money import amount_text, minor_units, price_text, shares

BAG = "{ shopMoney { amount } }"
ORDER = f"""
query($after: String) {{ orders(first: 50, after: $after) {{ pageInfo {{ hasNextPage endCursor }} nodes {{
  id name test taxesIncluded cancelledAt displayFinancialStatus edited processedAt
  originalTotalPriceSet {BAG} totalPriceSet {BAG} currentTotalPriceSet {BAG} subtotalPriceSet {BAG}
  currentSubtotalPriceSet {BAG} totalDiscountsSet {BAG} totalShippingPriceSet {BAG} currentShippingPriceSet {BAG}
  totalTaxSet {BAG} currentTotalTaxSet {BAG} totalTipReceivedSet {BAG} originalTotalDutiesSet {BAG}
  originalTotalAdditionalFeesSet {BAG} totalReceivedSet {BAG} totalRefundedSet {BAG} totalOutstandingSet {BAG}
  totalCashRoundingAdjustment {{ paymentSet {BAG} }}
  taxLines {{ priceSet {BAG} }} currentTaxLines {{ priceSet {BAG} }}
  transactions {{ kind status amountSet {BAG} amountRoundingSet {BAG} }}
  shippingLines(first: 9) {{ nodes {{
    originalPriceSet {BAG} discountedPriceSet {BAG} taxLines {{ priceSet {BAG} }}
  }} }}
  lineItems(first: 50) {{ nodes {{
    id title quantity currentQuantity isGiftCard variant {{ id }} originalUnitPriceSet {BAG} originalTotalSet {BAG}
    totalDiscountSet {BAG} discountAllocations {{ allocatedAmountSet {BAG} }} taxLines {{ priceSet {BAG} }}
    duties {{ price {BAG} }}
  }} }}
  refunds {{
    processedAt totalRefundedSet {BAG} duties {{ amountSet {BAG} }}
    transactions(first: 9) {{ nodes {{ status amountSet {BAG} }} }}
    refundLineItems(first: 50) {{ nodes {{ quantity subtotalSet {BAG} totalTaxSet {BAG} lineItem {{ id }} }} }}
    refundShippingLines(first: 9) {{ nodes {{ subtotalAmountSet {BAG} taxAmountSet {BAG} }} }}
    orderAdjustments(first: 9) {{ nodes {{ amountSet {BAG} taxAmountSet {BAG} reason }} }}
  }}
}} }} }}
"""


def total(bags: list[Any]) -> Decimal:
    return sum((dollars(bag) for bag in bags), Decimal(0))


def maybe(bag: Any) -> Decimal:
    return Decimal(0) if bag is None else dollars(bag)


def answered_orders(shop: Called) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    after = None
    while True:
        shop.clock.move(60)
        page = shop.data(ORDER, after=after)["orders"]
        found += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


def allocated(line: dict[str, Any]) -> Decimal:
    return total([part["allocatedAmountSet"] for part in line["discountAllocations"]])


def taxes(part: dict[str, Any]) -> Decimal:
    return total([line["priceSet"] for line in part["taxLines"]])


def value_of(refund: dict[str, Any], order: dict[str, Any]) -> Decimal:
    """What a refund takes off its order, from what the API tells."""
    tax = total([line["totalTaxSet"] for line in refund["refundLineItems"]["nodes"]])
    tax += total([line["taxAmountSet"] for line in refund["refundShippingLines"]["nodes"]])
    return (
        total([line["subtotalSet"] for line in refund["refundLineItems"]["nodes"]])
        + total([line["subtotalAmountSet"] for line in refund["refundShippingLines"]["nodes"]])
        + total([duty["amountSet"] for duty in refund["duties"]])
        + (0 if order["taxesIncluded"] else tax)
    )


def adjusted(refund: dict[str, Any]) -> Decimal:
    adjustments = refund["orderAdjustments"]["nodes"]
    return total([each["amountSet"] for each in adjustments]) + total([each["taxAmountSet"] for each in adjustments])


def assert_adds_up(order: dict[str, Any]) -> None:
    """Every identity that holds for one order."""
    lines = order["lineItems"]["nodes"]
    tips = [line for line in lines if line["title"] == "Tip" and line["variant"] is None]
    shipping = order["shippingLines"]["nodes"]
    discounts = sum(map(allocated, lines)) + sum(
        dollars(line["originalPriceSet"]) - dollars(line["discountedPriceSet"]) for line in shipping
    )
    tax = sum(map(taxes, lines)) + sum(map(taxes, shipping))
    assert dollars(order["totalTipReceivedSet"]) == total([line["originalTotalSet"] for line in tips])
    assert dollars(order["totalDiscountsSet"]) == discounts
    assert dollars(order["totalTaxSet"]) == tax == total([line["priceSet"] for line in order["taxLines"]])
    assert dollars(order["totalShippingPriceSet"]) == total([line["originalPriceSet"] for line in shipping])
    added_tax = Decimal(0) if order["taxesIncluded"] else tax
    duties = sum((total([d["price"] for d in line["duties"]]) for line in lines), Decimal(0))
    assert maybe(order["originalTotalDutiesSet"]) == duties
    assert dollars(order["totalPriceSet"]) == (
        total([line["originalTotalSet"] for line in lines])
        - discounts
        + dollars(order["totalShippingPriceSet"])
        + added_tax
        + duties
        + maybe(order["originalTotalAdditionalFeesSet"])
    )
    for line in lines:
        assert dollars(line["originalTotalSet"]) == dollars(line["originalUnitPriceSet"]) * line["quantity"]
    refunds = order["refunds"]
    assert dollars(order["currentTotalPriceSet"]) == dollars(order["totalPriceSet"]) - sum(
        value_of(refund, order) for refund in refunds
    )
    assert dollars(order["currentTotalTaxSet"]) == total([line["priceSet"] for line in order["currentTaxLines"]])
    for line in lines:
        back = [
            each["quantity"]
            for refund in refunds
            for each in refund["refundLineItems"]["nodes"]
            if each["lineItem"]["id"] == line["id"]
        ]
        assert line["currentQuantity"] == line["quantity"] - sum(back) >= 0
    assert dollars(order["totalRefundedSet"]) == total([refund["totalRefundedSet"] for refund in refunds])
    paid = [
        t["amountSet"] for t in order["transactions"] if t["kind"] in {"SALE", "CAPTURE"} and t["status"] == "SUCCESS"
    ]
    assert dollars(order["totalReceivedSet"]) == total(paid)
    kept = [a for r in refunds for a in r["orderAdjustments"]["nodes"] if a["reason"] != "PENDING_REFUND_DISCREPANCY"]
    net_payment = dollars(order["totalReceivedSet"]) - dollars(order["totalRefundedSet"])
    assert net_payment >= 0
    assert dollars(order["totalOutstandingSet"]) == (
        dollars(order["currentTotalPriceSet"]) + total([a["amountSet"] for a in kept]) - net_payment
    )


def assert_refund_adds_up(refund: dict[str, Any], order: dict[str, Any]) -> None:
    """A refund's parts are what was paid back, unless some of it had not been paid for yet."""
    paid = [t["amountSet"] for t in refund["transactions"]["nodes"] if t["status"] != "FAILURE"]
    assert dollars(refund["totalRefundedSet"]) == total(paid)
    owed = value_of(refund, order) - adjusted(refund)
    assert owed >= total(paid)
    if not order["edited"] and order["cancelledAt"] is None:
        assert owed == total(paid)


# Numbers


def test_amounts_are_written_as_shopify_writes_them() -> None:
    assert [amount_text(n, 2) for n in (1500, 1050, 1999, 0, -399, -5)] == [
        "15.0",
        "10.5",
        "19.99",
        "0.0",
        "-3.99",
        "-0.05",
    ]
    assert [amount_text(n, 0) for n in (1500, -3)] == ["1500.0", "-3.0"]
    assert amount_text(1234, 3) == "1.234"
    assert [price_text(1000, "USD"), price_text(1000, "JPY"), price_text(1234, "KWD")] == ["10.00", "1000.00", "1.234"]


def test_half_a_cent_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="more places"):
        minor_units("1.005", "USD")


@given(st.integers(-(10**9), 10**9), st.lists(st.integers(0, 10**6), min_size=1, max_size=9))
def test_shares_add_up_and_follow_the_weights(whole: int, weights: list[int]) -> None:
    parts = shares(whole, weights)
    assert sum(parts) == whole
    if sum(weights):
        assert all(abs(p * sum(weights) - whole * w) <= sum(weights) for p, w in zip(parts, weights, strict=True))


# Shops


@given(
    seed=st.integers(0, 10**6),
    is_included=st.booleans(),
    currency=st.sampled_from(["USD", "JPY", "KWD"]),
    steps=st.integers(1, 60),
)
def test_whatever_happens_adds_up(seed: int, is_included: bool, currency: str, steps: int) -> None:
    shop = called(currency=currency, taxes_included=is_included, plan="enterprise")
    shop.shop.add_customer(email="a@example.com")
    activity = Activity(shop.shop, Random(seed))
    for _ in range(steps):
        activity.step()
        shop.clock.move(Random(seed).choice([0, 1, 4000]))
    for order in answered_orders(shop):
        assert_adds_up(order)
        for refund in order["refunds"]:
            assert_refund_adds_up(refund, order)
    assert sum(shop.shop.net_revenue_by_day().values(), Decimal(0)) == shop.shop.net_revenue()


def earned_by_day(shop: Called) -> dict[date, Decimal]:
    """Net revenue by day from what the API tells alone."""
    days: dict[date, Decimal] = defaultdict(Decimal)
    zone = shop.shop.zone

    def day(text: str) -> date:
        moment = NOW.fromisoformat(text.replace("Z", "+00:00"))
        return moment.astimezone(zone).date()

    for order in answered_orders(shop):
        if order["test"] or order["cancelledAt"] or order["displayFinancialStatus"] in {"PENDING", "VOIDED", "EXPIRED"}:
            continue
        lines = {line["id"]: line for line in order["lineItems"]["nodes"]}
        excluded = {i for i, x in lines.items() if x["isGiftCard"] or (x["title"] == "Tip" and x["variant"] is None)}
        cards = sum(dollars(x["originalTotalSet"]) - allocated(x) for x in lines.values() if x["isGiftCard"])
        days[day(order["processedAt"])] += (
            dollars(order["totalPriceSet"])
            - cards
            - dollars(order["totalTipReceivedSet"])
            - maybe(order["originalTotalDutiesSet"])
        )
        for refund in order["refunds"]:
            kept = sum(
                dollars(x["subtotalSet"]) for x in refund["refundLineItems"]["nodes"] if x["lineItem"]["id"] in excluded
            )
            kept += total([duty["amountSet"] for duty in refund["duties"]])
            days[day(refund["processedAt"])] -= value_of(refund, order) - adjusted(refund) - kept
    return days


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kolkata"])
def test_the_books_earn_what_the_api_tells(zone: str) -> None:
    shop = called(time_zone=zone, plan="enterprise")
    activity = Activity(shop.shop, Random(7))
    for _ in range(600):
        activity.step()
        shop.clock.move(3000)
    expected = {day: amount for day, amount in earned_by_day(shop).items() if amount}
    assert {day: amount for day, amount in shop.shop.net_revenue_by_day().items() if amount} == expected
    assert len(expected) > 10


@pytest.mark.parametrize("currency", ["USD", "JPY"])
def test_a_past_is_loaded_and_adds_up(currency: str) -> None:
    shop = called(is_stocked=False, plan="enterprise", currency=currency)
    load(shop.shop, orders=400, customers=60, starts_at=NOW - timedelta(days=400), ends_at=NOW, refund_rate=0.3)
    rows = shop.shop.truth()
    assert (len(rows["orders"]), len(rows["customers"])) == (400, 60)
    assert max(row["updated_at"] for row in rows["orders"]) <= NOW
    assert len(rows["refunds"]) > 50
    for order in answered_orders(shop):
        assert_adds_up(order)
    again = called(is_stocked=False, currency=currency)
    load(again.shop, orders=400, customers=60, starts_at=NOW - timedelta(days=400), ends_at=NOW, refund_rate=0.3)
    assert again.shop.truth() == rows


def test_the_books_hold_the_records_that_the_api_lists() -> None:
    shop = called(plan="enterprise")
    activity = Activity(shop.shop, Random(3))
    for _ in range(300):
        activity.step()
        shop.clock.move(500)
    rows = shop.shop.truth()
    parts = {
        "orders": {
            "order_lines": "lineItems",
            "order_shipping_lines": "shippingLines",
        },
        "customers": {},
        "products": {"product_variants": "variants"},
        "collections": {},
        "discountNodes": {},
        "abandonedCheckouts": {"checkout_lines": "lineItems"},
    }
    names = {"collections": "product_categories", "discountNodes": "discounts", "abandonedCheckouts": "checkouts"}
    for root, connections in parts.items():
        inner = " ".join(f"{each} {{ edges {{ node {{ id }} }} }}" for each in connections.values())
        operation = shop.finished(f"{{ {root} {{ edges {{ node {{ id {inner} }} }} }} }}")
        listed = [line["id"].split("/")[-1] for line in shop.lines(operation["url"])]
        entities = [names.get(root, root), *connections]
        assert sorted(listed) == sorted(row["id"] for entity in entities for row in rows[entity])
    assert {row["id"] for row in rows["customer_aliases"]}.isdisjoint(row["id"] for row in rows["customers"])
    assert len(rows["customer_aliases"]) > 0
    assert len(rows["order_taxes"]) > 50
