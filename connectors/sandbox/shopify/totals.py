"""What an order comes to: everything that Shopify derives from lines, shipping, fees, refunds and payments.

`total` takes in every line that was ever on the order, also those that an edit added; what was removed or refunded is
subtracted in the `current` figures only. `original_total` never changes.
"""

from collections.abc import Sequence
from decimal import Decimal

from connectors.sandbox.shopify.money import rounded
from connectors.sandbox.shopify.records import Order, Refund, TaxLine

PENDING = "PENDING_REFUND_DISCREPANCY"
_PAYMENTS = frozenset({"SALE", "CAPTURE"})


def taxes_on(amount: int, rates: Sequence[tuple[str, Decimal]], *, is_included: bool) -> tuple[TaxLine, ...]:
    """The taxes on an amount, each rounded by itself.

    Args:
        amount: After discounts; with the tax in it where prices include tax.
        rates: Titles and rates.
        is_included: Whether prices include tax.
    """
    if not rates:
        return ()
    base = amount / (1 + sum((rate for _, rate in rates), Decimal(0))) if is_included else Decimal(amount)
    return tuple(TaxLine(title, rate, rounded(base * rate)) for title, rate in rates)


def refund_value(refund: Refund) -> int:
    """What a refund takes off its order: goods, shipping and duties with their tax."""
    tax = 0 if refund.order.taxes_included else sum(line.tax for line in refund.lines)
    shipping_tax = 0 if refund.order.taxes_included else sum(line.tax for line in refund.shipping)
    return (
        sum(line.subtotal for line in refund.lines)
        + tax
        + sum(line.subtotal for line in refund.shipping)
        + shipping_tax
        + sum(duty.amount for duty in refund.duties)
    )


def discrepancy(refund: Refund, *, pending: bool) -> int:
    """A refund's adjustments: those that await a payment, or the others; positive is in the merchant's favour."""
    return sum(a.amount + a.tax for a in refund.adjustments if (a.reason == PENDING) == pending)


def outstanding(order: Order) -> int:
    """What the buyer owes; negative is what the shop owes."""
    kept = sum(discrepancy(refund, pending=False) for refund in order.refunds)
    return order.current_total + kept - (order.received - order.refunded)


def settle(order: Order) -> None:
    """Bring an order's totals and statuses up to date with its parts."""
    _sum_up(order)
    _subtract_refunds(order)
    order.received = sum(t.amount for t in order.transactions if t.kind in _PAYMENTS and t.status == "SUCCESS")
    order.rounding = sum(t.rounding for t in order.transactions if t.kind in _PAYMENTS and t.status == "SUCCESS")
    order.refunded = sum(refund.total for refund in order.refunds)
    order.financial_status = _financial_status(order)
    order.fulfillment_status = _fulfillment_status(order)


def _sum_up(order: Order) -> None:
    prices = tips = discounts = tax = duties = 0
    for line in order.lines:
        if line.is_tip:
            tips += line.price
            continue
        prices += line.unit_price * line.quantity
        if line.allocations:
            discounts += line.discount
        for tax_line in line.tax_lines:
            tax += tax_line.amount
        if line.duties:
            duties += sum(duty.amount for duty in line.duties)
    order.subtotal = prices - discounts
    shipping = delivered = 0
    for shipping_line in order.shipping_lines:
        shipping += shipping_line.price
        delivered += shipping_line.discounted
        tax += shipping_line.tax
    order.shipping, order.current_shipping = shipping, delivered
    order.discounts = discounts + shipping - delivered
    order.tax, order.tips, order.duties = tax, tips, duties
    order.fee_total = sum(fee.amount for fee in order.fees)
    added_tax = 0 if order.taxes_included else tax
    order.total = order.subtotal + delivered + added_tax + tips + duties + order.fee_total
    if order.original_total is None:
        order.original_total = order.total
        order.cart_discount = _cart_discount(order)


def _cart_discount(order: Order) -> int | None:
    places = {application.place for application in order.applications if application.is_for_cart}
    if not places:
        return None
    return sum(part.amount for line in order.lines for part in line.allocations if part.place in places)


def _subtract_refunds(order: Order) -> None:
    subtotal, discounts, tax = order.subtotal, order.discounts, order.tax
    shipping, duties, total = order.current_shipping, order.duties, order.total
    for refund in order.refunds:
        for line in refund.lines:
            if not line.line.is_tip:
                subtotal -= line.subtotal
                discounts -= line.line.unit_price * line.quantity - line.subtotal
            tax -= line.tax
        for back in refund.shipping:
            shipping -= back.subtotal
            tax -= back.tax
        duties -= sum(duty.amount for duty in refund.duties)
        total -= refund_value(refund)
    order.current_subtotal, order.current_discounts, order.current_tax = subtotal, discounts, tax
    order.current_shipping, order.current_duties, order.current_total = shipping, duties, total


def _financial_status(order: Order) -> str:
    if order.expired:
        return "EXPIRED"
    if order.received == 0:
        kinds = {t.kind for t in order.transactions if t.status == "SUCCESS"}
        if "VOID" in kinds:
            return "VOIDED"
        if "AUTHORIZATION" in kinds:
            return "AUTHORIZED"
        return "PENDING" if order.current_total > 0 else "PAID"
    if order.refunded:
        return "REFUNDED" if order.refunded >= order.received else "PARTIALLY_REFUNDED"
    return "PARTIALLY_PAID" if outstanding(order) > 0 else "PAID"


def _fulfillment_status(order: Order) -> str:
    sent = ordered = 0
    for line in order.lines:
        if not line.is_tip:
            sent += line.fulfilled_quantity
            ordered += max(line.current_quantity, line.fulfilled_quantity)
    if sent == 0:
        return "UNFULFILLED"
    return "FULFILLED" if sent >= ordered else "PARTIALLY_FULFILLED"
