"""Money given back in a BigCommerce store: by item or by amount, wholly or in part."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from connectors.sandbox.bigcommerce.admin import OrderAdmin
from connectors.sandbox.bigcommerce.records import ZERO, Cost, Order, OrderProduct, Refund, RefundItem
from connectors.sandbox.bigcommerce.totals import paid_for, rounded

_REFUNDED, _PARTIALLY_REFUNDED = 4, 14


class RefundAdmin(OrderAdmin):
    """The refunds' side of the store."""

    def refund(
        self,
        order_id: int,
        *,
        lines: Mapping[int, int] | None = None,
        shipping: Decimal = ZERO,
        handling: Decimal = ZERO,
        amount: Decimal = ZERO,
        reason: str = "",
        refunded_at: datetime | None = None,
        bumps: bool = True,
    ) -> int:
        """Give money back.

        Args:
            order_id: The order.
            lines: Quantities by line id, each given back at what was paid for it.
            shipping: How much of the first address's shipping, with tax.
            handling: How much of its handling, with tax.
            amount: How much of the order as a whole, which leaves tax alone.
            reason: In the merchant's words.
            refunded_at: In the past for history; now if not given.
            bumps: Whether the order counts as modified.

        Returns:
            The refund's id.

        Raises:
            ValueError: It is more than the order has left, or nothing at all.
        """
        with self.lock:
            order, asked = self.orders[order_id], lines or {}
            items = [
                self._product(line, min(asked[line.id], line.quantity - line.quantity_refunded))
                for line in order.lines
                if line.id in asked
            ]
            for kind, given in (("SHIPPING", shipping), ("HANDLING", handling)):
                if given:
                    cost = order.addresses[0].cost if kind == "SHIPPING" else order.addresses[0].handling
                    items.append(self._part(kind, order.addresses[0].id, given, cost))
            if amount:
                items.append(RefundItem("ORDER", order.id, 0, amount, ZERO, reason))
            return self._give(order, items, reason, refunded_at, bumps=bumps)

    def refund_rest(self, order_id: int, *, reason: str = "", refunded_at: datetime | None = None) -> int:
        """Give back all that is left: item by item if nothing was given back before, else as an amount.

        Returns:
            The refund's id.
        """
        with self.lock:
            order = self.orders[order_id]
            if order.refund_ids:
                left = self.refundable(order_id)
                items = [RefundItem("ORDER", order.id, 0, left, ZERO, reason)]
                return self._give(order, items, reason, refunded_at, bumps=True)
            items = [self._product(line, line.quantity) for line in order.lines]
            items += [
                RefundItem("GIFT_WRAPPING", line.id, 0, line.wrapping.inc_tax, line.wrapping.tax)
                for line in order.lines
                if line.wrapping.inc_tax
            ]
            for address in order.addresses:
                items += [
                    RefundItem(kind, address.id, 0, cost.inc_tax, cost.tax)
                    for kind, cost in (("SHIPPING", address.cost), ("HANDLING", address.handling))
                    if cost.inc_tax
                ]
            items += [RefundItem("FEE", fee.id, 0, fee.cost.inc_tax, fee.cost.tax) for fee in order.fees]
            return self._give(order, items, reason, refunded_at, bumps=True)

    def refundable(self, order_id: int) -> Decimal:
        """What an order has left to give back."""
        order = self.orders[order_id]
        given = sum((self.refunds[refund_id].total_amount for refund_id in order.refund_ids), ZERO)
        return order.total.inc_tax - given

    def _give(
        self,
        order: Order,
        items: list[RefundItem],
        reason: str,
        refunded_at: datetime | None,
        *,
        bumps: bool,
    ) -> int:
        total, left = sum((item.amount for item in items), ZERO), self.refundable(order.id)
        if not 0 < total <= left:
            message = f"order {order.id} has {left} left, and {total} was asked for"
            raise ValueError(message)
        created = self.seconds(refunded_at)
        paid = next((row for row in reversed(order.transactions) if row.event == "purchase"), None)
        transaction = self._book(
            order,
            "refund",
            paid.method if paid else "custom",
            paid.gateway if paid else "custom",
            total,
            at=created,
            reference_id=paid.id if paid else None,
        )
        refund = Refund(
            id=next(self._refund_ids),
            order_id=order.id,
            created=created,
            reason=reason,
            total_amount=total,
            total_tax=sum((item.tax for item in items), ZERO),
            items=items,
            payment_id=transaction.id,
            provider_id=transaction.gateway,
            transaction_id=transaction.id,
        )
        for line in order.lines:
            for item in items:
                if item.item_type == "PRODUCT" and item.item_id == line.id:
                    line.quantity_refunded += item.quantity
                    line.refunded_amount += item.amount
        self.refunds.put(refund.id, refund)
        order.refund_ids.append(refund.id)
        order.status_id = _REFUNDED if total == left else _PARTIALLY_REFUNDED
        order.payment_status = "refunded" if total == left else "partially refunded"
        if bumps:
            order.modified = max(created, order.modified) if refunded_at else self.now()
        self.orders.put(order.id, order)
        return refund.id

    def _product(self, line: OrderProduct, quantity: int) -> RefundItem:
        """The next so many of a line, at what is left of what was paid for it."""
        before, after = line.quantity_refunded, line.quantity_refunded + quantity
        amount = self._upto(paid_for(line), after, line.quantity) - self._upto(paid_for(line), before, line.quantity)
        tax = self._upto(line.total.tax, after, line.quantity) - self._upto(line.total.tax, before, line.quantity)
        return RefundItem("PRODUCT", line.id, quantity, amount, tax)

    def _upto(self, whole: Decimal, number: int, quantity: int) -> Decimal:
        return rounded(whole * number / quantity, self.unit)

    def _part(self, kind: str, item_id: int, amount: Decimal, cost: Cost) -> RefundItem:
        share = amount / cost.inc_tax if cost.inc_tax else ZERO
        return RefundItem(kind, item_id, 0, amount, rounded(cost.tax * share, self.unit))
