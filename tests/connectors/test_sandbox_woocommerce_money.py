"""An order's money, whatever is in it: terms add up to the total, and nothing is given back twice."""

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from sandbox_calls import Clock

from connectors.sandbox.woocommerce import Item, Shop, ShopSettings

prices = st.decimals("0.01", "999.99", places=2)
rates = st.sampled_from([Decimal(0), Decimal("8.875"), Decimal("7.25"), Decimal(20), Decimal("19.6")])


@st.composite
def orders(draw: st.DrawFn) -> tuple[Shop, int]:
    settings = ShopSettings(prices_include_tax=draw(st.booleans()), rounds_tax_at_subtotal=draw(st.booleans()))
    shop = Shop(Clock(), settings)
    shop.add_tax_rate(draw(rates), name="First")
    if draw(st.booleans()):
        shop.add_tax_rate(draw(rates), name="Second", priority=2, is_compound=draw(st.booleans()))
    product = shop.create_product("Thing", Decimal(1))
    exempt = shop.create_product("Book", Decimal(1), is_taxable=False)
    kind = draw(st.sampled_from(["percent", "fixed_cart", "fixed_product"]))
    shop.create_coupon("code", draw(st.decimals("0.01", "99.99", places=2)), kind)
    line = st.builds(Item, st.sampled_from([product, exempt]), quantity=st.integers(1, 7), price=prices)
    lines = draw(st.lists(line, min_size=1, max_size=5))
    order_id = shop.place_order(
        lines,
        shipping=draw(st.sampled_from([(), Decimal("4.99"), Decimal(0)])),
        fees=draw(st.sampled_from([(), [("Fee", Decimal("1.23"))]])),
        coupons=draw(st.sampled_from([(), ("code",)])),
    )
    return shop, order_id


def terms(shop: Shop, parent: str, parent_id: int) -> list[Decimal]:
    truth = shop.truth()
    name = f"{parent}_id"
    return [
        amount
        for table in (f"{parent}_lines", f"{parent}_shipping_lines", f"{parent}_fees")
        for row in truth[table]
        if row[name] == parent_id
        for amount in (row["total"], row["total_tax"])
    ]


@given(orders())
def test_terms_add_up_to_the_total_to_half_a_cent_each(made: tuple[Shop, int]) -> None:
    shop, order_id = made
    order, parts = shop.orders[order_id], terms(shop, "order", order_id)
    difference = order.total - sum(parts)
    assert abs(difference) <= len(parts) * Decimal("0.005")
    if not shop.settings.rounds_tax_at_subtotal:
        # Two taxes may each be rounded to the half cent on one line; one never leaves a difference.
        assert difference == 0 or len(order.tax_lines) > 1


@given(orders())
def test_discounts_are_what_lines_lost(made: tuple[Shop, int]) -> None:
    shop, order_id = made
    order = shop.orders[order_id]
    lost = sum(line.subtotal - line.total for line in order.lines)
    assert abs(order.discount_total - lost) <= len(order.lines) * Decimal("0.01")
    assert all(0 <= line.total <= line.subtotal for line in order.lines)
    assert order.discount_total >= 0
    assert abs(sum(coupon.discount for coupon in order.coupon_lines) - lost) <= Decimal("0.01") * len(order.lines)


def test_tax_in_prices_is_rounded_half_down_so_that_the_price_holds() -> None:
    shop = Shop(Clock(), ShopSettings(prices_include_tax=True))
    shop.add_tax_rate(Decimal(20))
    order = shop.orders[shop.place_order([Item(shop.create_product("Thing", Decimal("59.97")))])]
    assert (order.cart_tax, order.total, order.lines[0].total) == (Decimal("9.99"), Decimal("59.97"), Decimal("49.975"))


@given(orders())
def test_what_was_bought_with_tax_in_its_price_costs_that_price(made: tuple[Shop, int]) -> None:
    shop, order_id = made
    order = shop.orders[order_id]
    if not order.prices_include_tax or order.coupon_lines or order.fee_lines or order.shipping_lines:
        return
    paid = order.total
    entered = sum(line.subtotal + sum(line.subtotal_taxes.values()) for line in order.lines)
    assert abs(paid - entered) <= Decimal("0.01") * len(order.lines)


@given(orders(), st.data())
def test_refunds_add_up_and_never_exceed_the_order(made: tuple[Shop, int], data: Any) -> None:
    shop, order_id = made
    order = shop.orders[order_id]
    line = data.draw(st.sampled_from(order.lines))
    quantity = data.draw(st.integers(1, line.quantity))
    given_back = []
    try:
        given_back.append(shop.refund(order_id, lines={line.id: quantity}))
    except ValueError:
        assert line.total * quantity < Decimal("0.01") * line.quantity or order.total <= 0
    if shop.refundable(order_id) > 0:
        given_back.append(shop.refund_rest(order_id))
        assert order.status == "refunded"
    assert shop.refundable(order_id) == 0 or order.total <= 0
    for refund_id in given_back:
        parts = terms(shop, "refund", refund_id)
        if parts:
            assert abs(shop.refunds[refund_id].amount + sum(parts)) <= len(parts) * Decimal("0.01")
    assert shop.net_revenue() == order.total - sum(shop.refunds[refund_id].amount for refund_id in given_back)
