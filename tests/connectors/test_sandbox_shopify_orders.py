"""What happens to an order or a customer at the sandbox, and what it does to totals, statuses and revenue."""

from decimal import Decimal
from typing import Any

import pytest
from shopify_calls import Called, called, dollars

from connectors.sandbox.shopify import Delivery, Item, Payment, Reduction
from connectors.sandbox.shopify.records import Order
from connectors.sandbox.shopify.totals import outstanding


@pytest.fixture
def shop() -> Called:
    return called()


def one(shop: Called, **settings: Any) -> Order:
    lines = settings.pop("lines", [Item(price=Decimal("30.00"), quantity=3), Item(price=Decimal("9.99"))])
    return shop.shop.place_order(lines=lines, **settings)


def test_discounts_reach_the_lines_they_are_for(shop: Called) -> None:
    order = one(
        shop,
        discounts=[
            Reduction("SALE", amount=Decimal(10), kind="automatic", items=(0,)),
            Reduction("TEN", percentage=Decimal(10)),
            Reduction("SHIP", percentage=Decimal(100), is_for_shipping=True),
        ],
        delivery=Delivery(Decimal("4.90")),
    )
    first, second = order.lines
    assert [(part.place, part.amount) for part in first.allocations] == [(0, 1000), (1, 800)]
    assert [(part.place, part.amount) for part in second.allocations] == [(1, 100)]
    assert order.cart_discount == 900
    assert (order.shipping, order.current_shipping) == (490, 0)
    query = """{ orders(first: 1) { nodes { discountCodes lineItems(first: 1) { nodes {
        totalDiscountSet { shopMoney { amount } } discountedTotalSet { shopMoney { amount } }
        all: discountedTotalSet(withCodeDiscounts: true) { shopMoney { amount } }
        priceAfterAllDiscountsBeforeTaxesSet { shopMoney { amount } }
        discountAllocations { discountApplication { index targetSelection ... on AutomaticDiscountApplication { title }
          value { ... on MoneyV2 { amount } ... on PricingPercentageValue { percentage } } } } } } } } }"""
    [found] = shop.data(query)["orders"]["nodes"]
    [line] = found["lineItems"]["nodes"]
    assert found["discountCodes"] == ["TEN", "SHIP"]
    assert dollars(line["totalDiscountSet"]) == 10
    assert dollars(line["discountedTotalSet"]) == dollars(line["all"]) == 80
    assert dollars(line["priceAfterAllDiscountsBeforeTaxesSet"]) == 72
    assert [part["discountApplication"] for part in line["discountAllocations"]] == [
        {"index": 0, "targetSelection": "ENTITLED", "title": "SALE", "value": {"amount": "10.0"}},
        {"index": 1, "targetSelection": "ALL", "value": {"percentage": 10.0}},
    ]


def test_taxes_are_on_top_or_within(shop: Called) -> None:
    rates = [("VAT", Decimal("0.19"))]
    added = one(shop, taxes=rates, lines=[Item(price=Decimal(100))])
    assert (added.subtotal, added.tax, added.total) == (10000, 1900, 11900)
    within = one(shop, taxes=rates, lines=[Item(price=Decimal(119))], taxes_included=True)
    assert (within.subtotal, within.tax, within.total) == (11900, 1900, 11900)


def test_a_tip_is_a_line_outside_the_subtotal(shop: Called) -> None:
    order = one(shop, tip=Decimal("1.50"), taxes=[("Tax", Decimal("0.1"))])
    assert [line.title for line in order.lines] == ["Custom item", "Custom item", "Tip"]
    assert (order.subtotal, order.tips, order.tax, order.total) == (9999, 150, 1000, 11149)


def test_fees_and_duties_are_part_of_the_total(shop: Called) -> None:
    order = one(shop, lines=[Item(price=Decimal(50), duty=Decimal("6.25"))], fees=[("Handling", Decimal("2.00"))])
    assert (order.duties, order.fee_total, order.total) == (625, 200, 5825)
    shop.shop.refund_order(order.id, shipping=False)
    assert (order.current_total, order.current_duties) == (200, 0)


def test_cash_is_rounded_beside_the_total(shop: Called) -> None:
    order = one(shop, lines=[Item(price=Decimal("10.02"))], payment=Payment(gateway="cash", cash_unit=Decimal("0.05")))
    assert (order.total, order.received, order.rounding, outstanding(order)) == (1002, 1002, -2, 0)


def test_a_gift_card_pays_and_is_no_discount(shop: Called) -> None:
    order = one(shop, payment=Payment(gift_card=Decimal(20)))
    assert [(t.gateway, t.amount) for t in order.transactions] == [("gift_card", 2000), ("shopify_payments", 7999)]
    assert (order.total, order.discounts, order.financial_status) == (9999, 0, "PAID")


def test_selling_a_gift_card_is_no_revenue(shop: Called) -> None:
    card = next(v for v in shop.shop.variants.values() if v.product.is_gift_card)
    order = one(shop, lines=[Item(card.id), Item(price=Decimal(7))], taxes=[("Tax", Decimal("0.1"))])
    assert (order.lines[0].is_gift_card, order.lines[0].tax_lines) == (True, ())
    assert shop.shop.net_revenue() == Decimal("7.70")


def test_buyers_see_their_own_currency(shop: Called) -> None:
    one(shop, lines=[Item(price=Decimal(10))], presentment="JPY", rate=Decimal("151.37"))
    bag = "{ shopMoney { amount currencyCode } presentmentMoney { amount currencyCode } }"
    [order] = shop.data(f"{{ orders(first: 1) {{ nodes {{ presentmentCurrencyCode totalPriceSet {bag} }} }} }}")[
        "orders"
    ]["nodes"]
    assert order["totalPriceSet"]["shopMoney"] == {"amount": "10.0", "currencyCode": "USD"}
    assert order["totalPriceSet"]["presentmentMoney"] == {"amount": "1514.0", "currencyCode": "JPY"}


def test_an_added_line_raises_the_total_but_not_the_original(shop: Called) -> None:
    order = one(shop, lines=[Item(price=Decimal(10))], taxes=[("Tax", Decimal("0.1"))])
    shop.shop.edit_order(order.id, add=[Item(price=Decimal(5))])
    assert (order.original_total, order.total, order.current_total) == (1100, 1650, 1650)
    assert (order.edited, order.financial_status, outstanding(order)) == (True, "PARTIALLY_PAID", 550)
    shop.shop.capture(order.id)
    assert (order.financial_status, outstanding(order)) == ("PAID", 0)


def test_a_removed_line_stays_in_the_total_and_becomes_a_refund_without_money(shop: Called) -> None:
    order = one(shop, taxes=[("Tax", Decimal("0.1"))])
    line = order.lines[0]
    shop.shop.edit_order(order.id, remove={line.id: 2})
    assert (line.quantity, line.current_quantity) == (3, 1)
    assert (order.total, order.current_total) == (10999, 4399)
    [removal] = order.refunds
    assert (removal.total, removal.transactions) == (0, ())
    assert [(a.amount, a.reason) for a in removal.adjustments] == [(6600, "PENDING_REFUND_DISCREPANCY")]
    assert shop.shop.net_revenue() == Decimal("109.99")
    shop.shop.pay_back(order.id)
    assert [(r.total, sum(a.amount for a in r.adjustments)) for r in order.refunds] == [(0, 6600), (6600, -6600)]
    assert (shop.shop.net_revenue(), outstanding(order)) == (Decimal("43.99"), 0)


def test_what_is_removed_before_it_is_paid_for_awaits_no_payment(shop: Called) -> None:
    order = one(shop, lines=[Item(price=Decimal(10))])
    shop.shop.edit_order(order.id, add=[Item(price=Decimal(5))])
    shop.shop.edit_order(order.id, remove={order.lines[1].id: 1})
    assert order.refunds[0].adjustments == ()
    assert (order.total, order.current_total, outstanding(order)) == (1500, 1000, 0)
    assert shop.shop.net_revenue() == 10


def test_a_partial_refund_has_lines_and_shipping(shop: Called) -> None:
    order = one(shop, taxes=[("Tax", Decimal("0.1"))], delivery=Delivery(Decimal("5.00")))
    refund = shop.shop.refund_order(order.id, lines={order.lines[0].id: 1}, shipping=Decimal("2.50"))
    assert [(x.quantity, x.subtotal, x.tax) for x in refund.lines] == [(1, 3000, 300)]
    assert [(x.subtotal, x.tax) for x in refund.shipping] == [(250, 25)]
    assert (refund.total, order.financial_status) == (3575, "PARTIALLY_REFUNDED")
    rest = shop.shop.refund_order(order.id)
    assert rest.total == order.total - 3575
    assert (order.financial_status, order.current_total, order.cancelled_at) == ("REFUNDED", 0, None)


def test_the_parts_of_a_line_add_up_to_it(shop: Called) -> None:
    order = one(
        shop,
        lines=[Item(price=Decimal("3.33"), quantity=3)],
        discounts=[Reduction("OFF", amount=Decimal("1.00"))],
        taxes=[("Tax", Decimal("0.0725"))],
    )
    refunds = [shop.shop.refund_order(order.id, lines={order.lines[0].id: 1}) for _ in range(3)]
    assert sum(r.total for r in refunds) == order.total
    assert order.current_total == order.current_tax == 0


def test_paying_back_another_amount_leaves_an_adjustment(shop: Called) -> None:
    order = one(shop, lines=[Item(price=Decimal(10))])
    less = shop.shop.refund_order(order.id, amount=Decimal(8))
    assert [(a.amount, a.reason) for a in less.adjustments] == [(200, "REFUND_DISCREPANCY")]
    assert outstanding(order) == 0
    assert shop.shop.net_revenue() == 2
    other = one(shop, lines=[Item(price=Decimal(10))])
    goodwill = shop.shop.refund_order(other.id, lines={}, shipping=False, amount=Decimal(3))
    assert [(a.amount, a.reason) for a in goodwill.adjustments] == [(-300, "REFUND_DISCREPANCY")]
    assert shop.shop.net_revenue() == 9


def test_a_refund_that_finishes_later_tells_the_order_nothing(shop: Called) -> None:
    order = one(shop)
    refund = shop.shop.refund_order(order.id, lines={order.lines[0].id: 1}, status="PENDING")
    changed_at = order.updated_at
    shop.clock.move(86_400)
    shop.shop.finish_refund(order.id, refund.id)
    assert order.updated_at == changed_at < refund.updated_at
    assert refund.transactions[0].status == "SUCCESS"


@pytest.mark.parametrize(
    ("payment", "status"),
    [(Payment(), "REFUNDED"), (Payment("authorized"), "VOIDED"), (Payment("pending"), "PAID")],
)
def test_a_cancelled_order_is_no_revenue(shop: Called, payment: Payment, status: str) -> None:
    order = one(shop, payment=payment)
    shop.shop.cancel(order.id)
    assert (order.financial_status, order.current_total) == (status, 0)
    assert all(line.current_quantity == 0 for line in order.lines)
    assert shop.shop.net_revenue() == 0


def test_an_authorization_can_run_out(shop: Called) -> None:
    order = one(shop, payment=Payment("authorized"))
    assert order.financial_status == "AUTHORIZED"
    shop.shop.expire(order.id)
    assert (order.financial_status, shop.shop.net_revenue()) == ("EXPIRED", 0)


def test_more_than_there_is_cannot_be_taken_back(shop: Called) -> None:
    order = one(shop)
    with pytest.raises(ValueError, match="has 3 left, not 4"):
        shop.shop.refund_order(order.id, lines={order.lines[0].id: 4})


# Customers


def test_a_merge_moves_the_orders_and_tells_them(shop: Called) -> None:
    one_, two = (shop.shop.add_customer(email=f"{n}@example.com", tags=(n,)) for n in ("a", "b"))
    order = one(shop, customer=one_.id)
    shop.clock.move(60)
    kept = shop.shop.merge_customers(one_.id, two.id)
    assert kept is two
    assert (order.customer_id, order.updated_at, two.tags) == (two.id, shop.shop.now(), ("b", "a"))
    assert shop.shop.merged == {one_.id: two.id}
    query = "query($id: ID!) { customer(id: $id) { id } customers(first: 9) { nodes { email numberOfOrders } } }"
    data = shop.data(query, id=f"gid://shopify/Customer/{one_.id}")
    assert data == {"customer": None, "customers": {"nodes": [{"email": "b@example.com", "numberOfOrders": "1"}]}}


def test_an_erased_person_leaves_orders_without_a_trace(shop: Called) -> None:
    customer = shop.shop.add_customer(email="a@example.com", first_name="Ada")
    one(shop, customer=customer.id, note="for Ada", delivery=Delivery(Decimal(5)))
    shop.shop.redact_customer(customer.id)
    query = (
        "{ orders(first: 1) { nodes { email note customer { id } billingAddress { city } } } customersCount { count } }"
    )
    assert shop.data(query) == {
        "orders": {"nodes": [{"email": None, "note": None, "customer": None, "billingAddress": None}]},
        "customersCount": {"count": 0},
    }
    assert "Ada" not in str(shop.shop.truth())
