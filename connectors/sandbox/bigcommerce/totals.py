"""What an order costs, the way BigCommerce states it.

Prices are entered without tax or with it, once for the whole order. The side on which they are entered is exact; the
other side of prices, subtotals and costs is an estimate before discounts. Tax is charged on what is left after
discounts, so that with a discount a subtotal's two sides do not differ by the subtotal's tax.
"""

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal

from connectors.sandbox.bigcommerce.records import ZERO, Cost, Order, OrderProduct

_HUNDRED = Decimal(100)
_ESTIMATE = Decimal("0.0001")


def rounded(amount: Decimal, unit: Decimal) -> Decimal:
    """An amount in whole units."""
    return amount.quantize(unit, ROUND_HALF_UP)


def taxed(base: Decimal, rate: Decimal, unit: Decimal, *, is_inclusive: bool) -> Cost:
    """A cost from the price that was entered; its tax is exact."""
    if is_inclusive:
        ex_tax = rounded(base / (1 + rate / _HUNDRED), unit)
        return Cost(base, ex_tax, base, base - ex_tax)
    tax = rounded(base * rate / _HUNDRED, unit)
    return Cost(base, base, base + tax, tax)


def line_total(line: OrderProduct, rate: Decimal, unit: Decimal, *, is_inclusive: bool) -> Cost:
    """A line's total: both sides before discounts, the tax after them."""
    base = line.price.base * line.quantity
    left = base - line.discount
    if is_inclusive:
        tax = left - rounded(left / (1 + rate / _HUNDRED), unit)
        return Cost(base, (base / (1 + rate / _HUNDRED)).quantize(_ESTIMATE, ROUND_HALF_UP), base, tax)
    return Cost(base, base, base + rounded(base * rate / _HUNDRED, unit), rounded(left * rate / _HUNDRED, unit))


def paid_for(line: OrderProduct) -> Decimal:
    """What was paid for a line: after its discounts, with tax."""
    if line.total.base == line.total.inc_tax:
        return line.total.inc_tax - line.discount
    return line.total.ex_tax - line.discount + line.total.tax


def shares(amount: Decimal, weights: Sequence[Decimal], unit: Decimal) -> list[Decimal]:
    """An amount in whole units, spread by weights; it adds up to the unit."""
    whole = sum(weights, ZERO)
    if not whole:
        return [ZERO for _ in weights]
    spread, given, seen = [], ZERO, ZERO
    for weight in weights:
        seen += weight
        upto = rounded(amount * seen / whole, unit)
        spread.append(upto - given)
        given = upto
    return spread


def summed(costs: Iterable[Cost]) -> Cost:
    """Costs added up, side by side."""
    total = Cost()
    for cost in costs:
        total.base += cost.base
        total.ex_tax += cost.ex_tax
        total.inc_tax += cost.inc_tax
        total.tax += cost.tax
    return total


def add_up(order: Order, unit: Decimal) -> None:
    """Set an order's costs and totals from its lines, addresses and fees."""
    for line in order.lines:
        rate = order.tax_rate if line.is_taxable else ZERO
        line.price = taxed(line.price.base, rate, unit, is_inclusive=order.is_tax_inclusive)
        line.total = line_total(line, rate, unit, is_inclusive=order.is_tax_inclusive)
        line.wrapping = taxed(line.wrapping.base, order.tax_rate, unit, is_inclusive=order.is_tax_inclusive)
    for address in order.addresses:
        address.cost = taxed(address.cost.base, order.tax_rate, unit, is_inclusive=order.is_tax_inclusive)
        address.handling = taxed(address.handling.base, order.tax_rate, unit, is_inclusive=order.is_tax_inclusive)
    for fee in order.fees:
        rate = order.tax_rate if fee.is_taxable else ZERO
        fee.cost = taxed(fee.cost.base, rate, unit, is_inclusive=order.is_tax_inclusive)
    order.subtotal = summed(line.total for line in order.lines)
    order.shipping = summed(address.cost for address in order.addresses)
    order.handling = summed(address.handling for address in order.addresses)
    order.wrapping = summed(line.wrapping for line in order.lines)
    costs = summed((order.subtotal, order.shipping, order.handling, order.wrapping, *(fee.cost for fee in order.fees)))
    taken = order.discount_amount + order.coupon_discount
    if order.is_tax_inclusive:
        order.total = Cost(ZERO, costs.inc_tax - taken - costs.tax, costs.inc_tax - taken, costs.tax)
    else:
        order.total = Cost(ZERO, costs.ex_tax - taken, costs.ex_tax - taken + costs.tax, costs.tax)
