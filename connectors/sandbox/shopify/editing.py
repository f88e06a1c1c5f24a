"""What happens to an order after it was placed, apart from refunds: payment, shipping, edits and the end of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from connectors.sandbox.shopify.ordering import Item
from connectors.sandbox.shopify.records import Adjustment, Order
from connectors.sandbox.shopify.refunds import RefundDesk
from connectors.sandbox.shopify.totals import PENDING, outstanding, settle


class EditDesk(RefundDesk):
    """Where orders are changed."""

    def capture(self, order_id: int, *, at: datetime | None = None, amount: Decimal | None = None) -> None:
        """Take the money of an authorized or pending order, or the balance that an edit left; or only a part of it."""
        with self.lock:
            order = self._order(order_id)
            when = self._at(at)
            due = outstanding(order) if amount is None else min(self._minor(amount), outstanding(order))
            if due <= 0:
                return
            authorizations = [t for t in order.transactions if t.kind == "AUTHORIZATION" and t.status == "SUCCESS"]
            waiting = [t for t in order.transactions if t.kind == "SALE" and t.status == "PENDING"]
            if waiting and waiting[0].amount == due:
                waiting[0].status, waiting[0].processed_at = "SUCCESS", when
            else:
                kind, parent = ("CAPTURE", authorizations[0].id) if authorizations else ("SALE", None)
                gateway = order.transactions[0].gateway if order.transactions else "manual"
                paid = self._transaction(order, kind, "SUCCESS", gateway, due, when, parent)
                order.transactions = (*order.transactions, paid)
            settle(order)
            self._stamp_order(order, when)

    def fail_payment(self, order_id: int, *, at: datetime | None = None) -> None:
        """Add an attempt to pay that was refused; it moves no money."""
        with self.lock:
            order = self._order(order_id)
            when = self._at(at)
            refused = self._transaction(order, "SALE", "FAILURE", "shopify_payments", order.total, when)
            order.transactions = (*order.transactions, refused)
            settle(order)
            self._stamp_order(order, when)

    def expire(self, order_id: int, *, at: datetime | None = None) -> None:
        """Let an authorization run out before it was captured."""
        with self.lock:
            order = self._order(order_id)
            order.expired = True
            settle(order)
            self._stamp_order(order, self._at(at))

    def fulfill(self, order_id: int, *, at: datetime | None = None) -> None:
        """Ship everything that is left."""
        with self.lock:
            order = self._order(order_id)
            for line in order.lines:
                line.fulfilled_quantity = 0 if line.is_tip else max(line.fulfilled_quantity, line.current_quantity)
            settle(order)
            self._stamp_order(order, self._at(at))

    def edit_order(
        self,
        order_id: int,
        *,
        add: Sequence[Item] = (),
        remove: Mapping[int, int] | None = None,
        at: datetime | None = None,
    ) -> Order:
        """Add items to an order, and take quantities of its lines off.

        What is taken off stays on its line as `quantity` and is left out of `current_quantity`. Shopify keeps it as a
        refund without a payment; if it was paid for, an adjustment says that the payment back is still pending.

        Args:
            order_id: The order.
            add: New lines, with the taxes of the ones there.
            remove: Quantities by line id.
            at: When; now if it isn't given.
        """
        with self.lock:
            order = self._order(order_id)
            when = self._at(at)
            rates = next(([(t.title, t.rate) for t in line.tax_lines] for line in order.lines if line.tax_lines), [])
            added = tuple(self._line(order, item) for item in add)
            if rates:
                taxed = order.shipping_lines
                order.shipping_lines = ()
                self._tax(order, added, rates)
                order.shipping_lines = taxed
            order.lines = (*order.lines, *added)
            order.edited = True
            settle(order)
            if remove:
                self._take_off(order, remove, when)
            self._stamp_order(order, when)
            return order

    def _take_off(self, order: Order, remove: Mapping[int, int], at: datetime) -> None:
        overpaid = max(-outstanding(order), 0)
        removal = self._refund(order, remove, at, None, "CANCEL", duties=True)
        order.refunds = (*order.refunds, removal)
        settle(order)
        pending = max(-outstanding(order), 0) - overpaid
        if pending > 0:
            removal.adjustments = (Adjustment(self._new_id("OrderAdjustment"), pending, 0, PENDING),)
            settle(order)

    def cancel(
        self, order_id: int, *, reason: str = "CUSTOMER", refund: bool = True, at: datetime | None = None
    ) -> None:
        """Cancel an order: everything is taken off it, what was paid goes back, an authorization is voided.

        Args:
            order_id: The order.
            reason: CUSTOMER, DECLINED, FRAUD, INVENTORY, OTHER or STAFF.
            refund: Whether the money goes back.
            at: When; now if it isn't given.
        """
        with self.lock:
            order = self._order(order_id)
            when = self._at(at)
            if order.received:
                amount = None if refund else Decimal(0)
                self.refund_order(order_id, at=when, amount=amount, restock_type="CANCEL")
            else:
                open_payments = [t for t in order.transactions if t.kind == "AUTHORIZATION" and t.status == "SUCCESS"]
                voids = [self._transaction(order, "VOID", "SUCCESS", t.gateway, 0, when, t.id) for t in open_payments]
                order.transactions = (*order.transactions, *voids)
                left = {line.id: line.current_quantity for line in order.lines}
                order.refunds = (*order.refunds, self._refund(order, left, when, None, "CANCEL", duties=True))
            order.cancelled_at = order.closed_at = when
            order.cancel_reason = reason
            settle(order)
            self._stamp_order(order, when)

    def change_order(
        self,
        order_id: int,
        *,
        note: str | None = None,
        tags: tuple[str, ...] | None = None,
        email: str | None = None,
        at: datetime | None = None,
    ) -> None:
        """Change what a merchant writes on an order; what isn't given stays."""
        with self.lock:
            order = self._order(order_id)
            order.note = order.note if note is None else note
            order.tags = order.tags if tags is None else tags
            order.email = order.email if email is None else email
            self._stamp_order(order, self._at(at))

    def delete_order(self, order_id: int) -> None:
        """Delete an order. It is gone, and nothing that can be listed tells of it."""
        with self.lock:
            order = self._order(order_id)
            if order.customer_id is not None:
                customer = self._customer(order.customer_id)
                customer.order_ids.remove(order_id)
                self._stamp_customer(customer, self.now())
            for refund in order.refunds:
                del self.refunds[refund.id]
            self.orders.remove(order_id)
