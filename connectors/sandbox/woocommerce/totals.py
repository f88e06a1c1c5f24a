"""What an order costs, the way WooCommerce adds it up: its roundings, in its order, and nothing else."""

from collections.abc import Iterable, Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_DOWN, ROUND_HALF_UP, Decimal

from connectors.sandbox.woocommerce.records import ZERO, Coupon, LineItem, Order, Taxes, TaxRate

_HUNDRED = Decimal(100)
_STORED = Decimal("0.000001")


class Rounding:
    """A shop's rounding rules.

    Args:
        decimals: The places that prices have.
        prices_include_tax: Whether prices are entered with tax; tax is then rounded half down, so that a line's
            amount and its tax still add up to its price.
        rounds_tax_at_subtotal: Whether taxes are added up before they are rounded, instead of line by line.
    """

    def __init__(self, decimals: int, *, prices_include_tax: bool, rounds_tax_at_subtotal: bool) -> None:
        self.unit = Decimal(1).scaleb(-decimals)
        self.rounds_tax_at_subtotal = rounds_tax_at_subtotal
        self.prices_include_tax = prices_include_tax
        self._tax_mode = ROUND_HALF_DOWN if prices_include_tax else ROUND_HALF_UP

    def money(self, amount: Decimal) -> Decimal:
        """An amount at the shop's decimals."""
        return amount.quantize(self.unit, ROUND_HALF_UP)

    def tax(self, amount: Decimal) -> Decimal:
        """A sum of tax at the shop's decimals."""
        return amount.quantize(self.unit, self._tax_mode)

    def line_taxes(self, amount: Decimal, rates: Sequence[TaxRate]) -> Taxes:
        """The taxes on an amount without tax, each rounded unless the shop rounds at the subtotal."""
        taxes = exclusive_taxes(amount, rates)
        if self.rounds_tax_at_subtotal:
            return taxes
        return {rate_id: self.tax(tax) for rate_id, tax in taxes.items()}

    def items_total(self, amounts: Iterable[Decimal]) -> Decimal:
        """The sum of lines' amounts."""
        if self.rounds_tax_at_subtotal:
            return self.money(sum(amounts, ZERO))
        return sum((self.money(amount) for amount in amounts), ZERO)


def stored(amount: Decimal) -> Decimal:
    """An amount with the six places that the database keeps."""
    return amount.quantize(_STORED, ROUND_HALF_UP)


def exclusive_taxes(amount: Decimal, rates: Sequence[TaxRate]) -> Taxes:
    """The taxes on top of an amount, by rate."""
    taxes = {rate.id: amount * rate.rate / _HUNDRED for rate in rates if not rate.is_compound}
    for rate in rates:
        if rate.is_compound:
            taxes[rate.id] = (amount + sum(taxes.values(), ZERO)) * rate.rate / _HUNDRED
    return {rate_id: stored(tax) for rate_id, tax in taxes.items()}


def contained_tax(amount: Decimal, rates: Sequence[TaxRate]) -> Decimal:
    """The tax that an amount with tax contains."""
    net = amount
    for rate in rates:
        if rate.is_compound:
            net /= 1 + rate.rate / _HUNDRED
    net /= 1 + sum((rate.rate for rate in rates if not rate.is_compound), ZERO) / _HUNDRED
    return stored(amount - net)


def coupon_discounts(coupon: Coupon, lines: Sequence[LineItem], prices: Sequence[Decimal], unit: Decimal) -> list[int]:
    """What a coupon takes off each line, in the smallest units.

    Args:
        coupon: The coupon.
        lines: The order's lines.
        prices: What each line costs before coupons, with tax where the shop's prices include it.
        unit: The smallest unit.
    """
    cents = [int((price / unit).to_integral_value(ROUND_HALF_UP)) for price in prices]
    if coupon.discount_type == "percent":
        share = coupon.amount / _HUNDRED
        taken = [int((price * share).to_integral_value(ROUND_FLOOR)) for price in cents]
        wanted = int((sum(cents) * share).to_integral_value(ROUND_HALF_UP))
    elif coupon.discount_type == "fixed_product":
        each = int(coupon.amount / unit)
        taken = [min(each * line.quantity, price) for line, price in zip(lines, cents, strict=True)]
        wanted = sum(taken)
    else:
        wanted = min(int(coupon.amount / unit), sum(cents))
        each = int(coupon.amount / unit) // max(sum(line.quantity for line in lines), 1)
        taken = [min(each * line.quantity, price) for line, price in zip(lines, cents, strict=True)]
    left = wanted - sum(taken)
    # What rounding left over goes to the dearest lines, a unit at a time.
    dearest = sorted(range(len(cents)), key=lambda place: -cents[place])
    while left > 0:
        before = left
        for place in dearest:
            if left > 0 and taken[place] < cents[place]:
                taken[place] += 1
                left -= 1
        if left == before:
            break
    return taken


def add_up(order: Order, rounding: Rounding) -> tuple[Taxes, Taxes]:
    """Set an order's totals from its lines.

    Returns:
        The taxes by rate of products and fees, and of shipping.
    """
    cart_taxes: Taxes = {}
    for taxes in [line.total_taxes for line in order.lines] + [fee.taxes for fee in order.fee_lines]:
        for rate_id, tax in taxes.items():
            cart_taxes[rate_id] = cart_taxes.get(rate_id, ZERO) + tax
    shipping_taxes: Taxes = {}
    for shipping in order.shipping_lines:
        for rate_id, tax in shipping.taxes.items():
            shipping_taxes[rate_id] = shipping_taxes.get(rate_id, ZERO) + tax
    order.cart_tax = rounding.tax(sum(cart_taxes.values(), ZERO))
    order.shipping_tax = rounding.tax(sum(shipping_taxes.values(), ZERO))
    order.shipping_total = sum((rounding.money(line.total) for line in order.shipping_lines), rounding.money(ZERO))
    cart_total = rounding.items_total(line.total for line in order.lines)
    cart_subtotal = rounding.items_total(line.subtotal for line in order.lines)
    subtotal_tax = sum((tax for line in order.lines for tax in line.subtotal_taxes.values()), ZERO)
    total_tax = sum((tax for line in order.lines for tax in line.total_taxes.values()), ZERO)
    order.discount_total = rounding.money(cart_subtotal - cart_total)
    order.discount_tax = rounding.tax(subtotal_tax - total_tax)
    fees_total = sum((line.total for line in order.fee_lines), ZERO)
    order.total = rounding.money(cart_total + fees_total + order.shipping_total + order.cart_tax + order.shipping_tax)
    return cart_taxes, shipping_taxes
