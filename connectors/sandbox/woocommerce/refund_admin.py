"""Money given back in a WooCommerce shop: by line or by amount, wholly or in part, and refunds taken back."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from connectors.sandbox.woocommerce.admin import OrderAdmin
from connectors.sandbox.woocommerce.records import (
    ZERO,
    FeeLine,
    LineItem,
    Meta,
    Order,
    Refund,
    ShippingLine,
    Taxes,
    TaxLine,
)


class RefundAdmin(OrderAdmin):
    """The refunds' side of the shop."""

    def refund(
        self,
        order_id: int,
        *,
        lines: Mapping[int, int | tuple[int, Decimal]] | None = None,
        shipping: Decimal | None = None,
        amount: Decimal | None = None,
        reason: str = "",
        refunded_at: datetime | None = None,
        bumps: bool = True,
    ) -> int:
        """Give money back.

        Args:
            order_id: The order.
            lines: Quantities by line id, each given back at what it was sold for, with its tax; or a quantity with an
                amount, which is given without tax.
            shipping: How much of the shipping without tax, with its tax in proportion.
            amount: How much in all, where it is not what lines and shipping come to; alone, no line says for what.
            reason: In the merchant's words.
            refunded_at: In the past for history; now if not given.
            bumps: Whether the order counts as modified; some gateways' plugins don't see to it, nor to the status.

        Returns:
            The refund's id.

        Raises:
            ValueError: It is more than the order still has, or nothing at all.
        """
        with self.lock:
            order = self.orders[order_id]
            asked = lines or {}
            given = [self._given_line(line, asked[line.id]) for line in order.lines if line.id in asked]
            freight = self._given_shipping(order, shipping) if shipping else []
            return self._give(order, given, freight, [], amount, reason, refunded_at, bumps=bumps)

    def refund_rest(
        self, order_id: int, *, reason: str = "", by_line: bool = True, refunded_at: datetime | None = None
    ) -> int:
        """Give back all that is left of an order, which makes it `refunded`; returns the refund's id.

        Args:
            order_id: The order.
            reason: In the merchant's words.
            by_line: Whether the refund says what it is for, where nothing was given back before.
            refunded_at: In the past for history; now if not given.
        """
        with self.lock:
            order = self.orders[order_id]
            left = self.refundable(order_id)
            if not by_line or order.refund_ids:
                return self._give(order, [], [], [], left, reason, refunded_at, bumps=True)
            given = [self._given_line(line, line.quantity) for line in order.lines]
            freight = [self._given_freight(line, line.total) for line in order.shipping_lines]
            fees = [self._given_fee(line) for line in order.fee_lines]
            return self._give(order, given, freight, fees, left, reason, refunded_at, bumps=True)

    def refundable(self, order_id: int) -> Decimal:
        """What an order has left to give back."""
        order = self.orders[order_id]
        return order.total - sum((self.refunds[refund_id].amount for refund_id in order.refund_ids), ZERO)

    def delete_refund(self, refund_id: int) -> None:
        """Take a refund back; neither the order's time of modification nor its status says so."""
        with self.lock:
            refund = self.refunds.remove(refund_id)
            order = self.orders[refund.order_id]
            order.refund_ids.remove(refund_id)
            # Listed under the time that it had.
            self.orders.put(order.id, order)

    def _give(
        self,
        order: Order,
        lines: list[LineItem],
        shipping_lines: list[ShippingLine],
        fee_lines: list[FeeLine],
        amount: Decimal | None,
        reason: str,
        refunded_at: datetime | None,
        *,
        bumps: bool,
    ) -> int:
        left = self.refundable(order.id)
        taxes = [line.total_taxes for line in lines]
        taxes += [line.taxes for line in shipping_lines] + [line.taxes for line in fee_lines]
        totals = [line.total for line in lines]
        totals += [line.total for line in shipping_lines] + [line.total for line in fee_lines]
        come_to = -sum(totals, ZERO) - sum((tax for each in taxes for tax in each.values()), ZERO)
        given = come_to if amount is None else amount
        if amount is None and left < given <= left + len(totals) * self.rounding.unit:
            # Lines rounded one by one may come to a unit more than their order, which gives no more than it took.
            given = left
        if not 0 < given <= left:
            message = f"order {order.id} has {left} left, and {given} was asked for"
            raise ValueError(message)
        created = self.seconds(refunded_at)
        refund = Refund(
            id=next(self._posts),
            order_id=order.id,
            created=created,
            amount=given,
            reason=reason,
            kind="full" if given == left else "partial",
            meta_id=next(self._metas),
            lines=lines,
            shipping_lines=shipping_lines,
            fee_lines=fee_lines,
        )
        refund.tax_lines = self._refunded_taxes(order, refund)
        self.refunds.put(refund.id, refund)
        order.refund_ids.insert(0, refund.id)
        if bumps:
            order.status = "refunded" if given == left else order.status
            order.modified = max(created, order.modified) if refunded_at else self.now()
        self.orders.put(order.id, order)
        return refund.id

    def _given_line(self, line: LineItem, asked: int | tuple[int, Decimal]) -> LineItem:
        quantity = asked if isinstance(asked, int) else asked[0]
        if isinstance(asked, int):
            total = -self.rounding.money(line.total * quantity / line.quantity)
            taxes = {
                rate_id: -self.rounding.tax(tax * quantity / line.quantity) for rate_id, tax in line.total_taxes.items()
            }
        else:
            total, taxes = -asked[1], {}
        return LineItem(
            id=next(self._items),
            name=line.name,
            product_id=line.product_id,
            variation_id=line.variation_id,
            quantity=-quantity,
            subtotal=total,
            total=total,
            tax_class=line.tax_class,
            parent_name=line.parent_name,
            subtotal_taxes=taxes,
            total_taxes=dict(taxes),
            meta=[self._refunded_item(line.id)],
        )

    def _given_shipping(self, order: Order, total: Decimal) -> list[ShippingLine]:
        left, given = total, []
        for line in order.shipping_lines:
            part = min(left, self.rounding.money(line.total))
            if part > 0:
                given.append(self._given_freight(line, part))
                left -= part
        return given

    def _given_freight(self, line: ShippingLine, part: Decimal) -> ShippingLine:
        share = part / line.total if line.total else ZERO
        return ShippingLine(
            id=next(self._items),
            method_title=line.method_title,
            method_id=line.method_id,
            total=-self.rounding.money(part),
            taxes={rate_id: -self.rounding.tax(tax * share) for rate_id, tax in line.taxes.items()},
            meta=[self._refunded_item(line.id)],
        )

    def _given_fee(self, line: FeeLine) -> FeeLine:
        return FeeLine(
            id=next(self._items),
            name=line.name,
            total=-self.rounding.money(line.total),
            is_taxable=line.is_taxable,
            taxes={rate_id: -self.rounding.tax(tax) for rate_id, tax in line.taxes.items()},
            meta=[self._refunded_item(line.id)],
        )

    def _refunded_item(self, line_id: int) -> Meta:
        return Meta(next(self._metas), "_refunded_item_id", str(line_id))

    def _refunded_taxes(self, order: Order, refund: Refund) -> list[TaxLine]:
        cart: Taxes = {}
        for taxes in [line.total_taxes for line in refund.lines] + [line.taxes for line in refund.fee_lines]:
            for rate_id, tax in taxes.items():
                cart[rate_id] = cart.get(rate_id, ZERO) + tax
        freight: Taxes = {}
        for line in refund.shipping_lines:
            for rate_id, tax in line.taxes.items():
                freight[rate_id] = freight.get(rate_id, ZERO) + tax
        return [
            TaxLine(
                id=next(self._items),
                rate_id=line.rate_id,
                rate_code=line.rate_code,
                label=line.label,
                is_compound=line.is_compound,
                rate_percent=line.rate_percent,
                tax_total=cart.get(line.rate_id, ZERO),
                shipping_tax_total=freight.get(line.rate_id, ZERO),
            )
            for line in order.tax_lines
            if line.rate_id in cart or line.rate_id in freight
        ]
