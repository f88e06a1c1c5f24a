"""Refunds, and the records that edits leave of what they took off an order."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from connectors.sandbox.shopify.money import rounded
from connectors.sandbox.shopify.ordering import OrderDesk
from connectors.sandbox.shopify.records import (
    Adjustment,
    LineItem,
    Order,
    Refund,
    RefundDuty,
    RefundLine,
    RefundShipping,
    Transaction,
)
from connectors.sandbox.shopify.totals import PENDING, outstanding, refund_value, settle


class RefundDesk(OrderDesk):
    """Where goods come back and money is returned."""

    def refund_order(
        self,
        order_id: int,
        *,
        lines: Mapping[int, int] | None = None,
        shipping: Decimal | bool = True,
        duties: bool = True,
        amount: Decimal | None = None,
        at: datetime | None = None,
        note: str | None = None,
        status: str = "SUCCESS",
        restock_type: str = "RETURN",
    ) -> Refund:
        """Take goods back and return their money.

        Args:
            order_id: The order.
            lines: Quantities by line id; None for everything that is left.
            shipping: How much of it is returned, with its tax on top where prices don't include it; True for all that
                is left.
            duties: Whether the duties of the lines are returned.
            amount: What is really paid back; None for what the parts come to. A difference becomes an adjustment.
            at: When; now if it isn't given.
            note: Why.
            status: Of the payment: SUCCESS, PENDING or FAILURE.
            restock_type: RETURN, CANCEL or NO_RESTOCK.
        """
        with self.lock:
            order = self._order(order_id)
            when = self._at(at)
            taken = {line.id: line.current_quantity for line in order.lines} if lines is None else lines
            owed, payable = max(outstanding(order), 0), order.received - order.refunded
            refund = self._refund(order, taken, when, note, restock_type, duties=duties)
            refund.shipping = self._shipping_back(order, shipping)
            value = refund_value(refund)
            paid = min(value if amount is None else self._minor(amount), payable)
            # What was not paid for yet is not paid back, and needs no adjustment.
            gap = value - paid if amount is not None else max(value - paid - owed, 0)
            if gap:
                reason = "REFUND_DISCREPANCY" if amount is not None else "FULL_RETURN_BALANCING_ADJUSTMENT"
                refund.adjustments = (Adjustment(self._new_id("OrderAdjustment"), gap, 0, reason),)
            self._book(order, refund, paid, status, when)
            return refund

    def pay_back(self, order_id: int, *, at: datetime | None = None) -> Refund | None:
        """Return what an edit left overpaid; nothing if nothing is."""
        with self.lock:
            order = self._order(order_id)
            when = self._at(at)
            owed = -outstanding(order)
            if owed <= 0:
                return None
            refund = self._refund(order, {}, when, None, "NO_RESTOCK", duties=False)
            refund.adjustments = (Adjustment(self._new_id("OrderAdjustment"), -owed, 0, PENDING),)
            self._book(order, refund, owed, "SUCCESS", when)
            return refund

    def finish_refund(self, order_id: int, refund_id: int, *, at: datetime | None = None) -> None:
        """Let a refund's pending payments succeed. Nothing tells the order of it: its time of change stays."""
        with self.lock:
            order = self._order(order_id)
            when = self._at(at)
            for refund in order.refunds:
                if refund.id == refund_id:
                    refund.updated_at = max(refund.updated_at, when)
                    for transaction in refund.transactions:
                        transaction.status, transaction.processed_at = "SUCCESS", when
            settle(order)

    def _refund(
        self, order: Order, lines: Mapping[int, int], at: datetime, note: str | None, restock_type: str, *, duties: bool
    ) -> Refund:
        refund = Refund(self._new_id("Refund"), order, at, at, at, note)
        self.refunds[refund.id] = refund
        by_id = {line.id: line for line in order.lines}
        taken: list[RefundLine] = []
        back: list[RefundDuty] = []
        for line_id, quantity in lines.items():
            line = by_id[line_id]
            if not 0 <= quantity <= line.current_quantity:
                message = f"line {line_id} has {line.current_quantity} left, not {quantity}"
                raise ValueError(message)
            if quantity:
                taken.append(self._line_back(line, quantity, restock_type))
                if duties and quantity == line.current_quantity == line.quantity:
                    back += [RefundDuty(duty, duty.amount) for duty in line.duties]
                line.current_quantity -= quantity
        refund.lines, refund.duties = tuple(taken), tuple(back)
        return refund

    def _line_back(self, line: LineItem, quantity: int, restock_type: str) -> RefundLine:
        """A part of a line: the parts of all its refunds add up to the line, to the cent."""
        gone = line.quantity - line.current_quantity

        def part(whole: int) -> int:
            upto = rounded(Decimal(whole * (gone + quantity)) / line.quantity)
            return upto - rounded(Decimal(whole * gone) / line.quantity)

        subtotal = part(line.price - line.discount)
        return RefundLine(
            id=self._new_id("RefundLineItem"),
            line=line,
            quantity=quantity,
            price=rounded(Decimal(subtotal) / quantity),
            subtotal=subtotal,
            tax=part(line.tax),
            restock_type="NO_RESTOCK" if line.is_tip else restock_type,
        )

    def _shipping_back(self, order: Order, shipping: Decimal | bool) -> tuple[RefundShipping, ...]:
        returned: dict[int, tuple[int, int]] = {}
        for refund in order.refunds:
            for back in refund.shipping:
                subtotal, tax = returned.get(back.shipping_line.id, (0, 0))
                returned[back.shipping_line.id] = (subtotal + back.subtotal, tax + back.tax)
        made: list[RefundShipping] = []
        asked = None if shipping is True else self._minor(shipping or 0)
        for line in order.shipping_lines:
            gone, gone_tax = returned.get(line.id, (0, 0))
            left = line.discounted - gone
            subtotal = left if asked is None else min(asked, left)
            if subtotal <= 0:
                continue
            if subtotal == left:
                tax = line.tax - gone_tax
            else:
                tax = min(rounded(Decimal(line.tax * subtotal) / line.discounted), line.tax - gone_tax)
            made.append(RefundShipping(self._new_id("RefundShippingLine"), line, subtotal, tax))
        return tuple(made)

    def _book(self, order: Order, refund: Refund, paid: int, status: str, at: datetime) -> None:
        """Enter a refund and its payments."""
        refund.transactions = self._payments_back(order, paid, status, at)
        order.transactions = (*order.transactions, *refund.transactions)
        order.refunds = (*order.refunds, refund)
        settle(order)
        self._stamp_order(order, at)

    def _payments_back(self, order: Order, amount: int, status: str, at: datetime) -> tuple[Transaction, ...]:
        """The money goes back the ways it came, the first way first."""
        returned: dict[int | None, int] = {}
        for earlier in order.refunds:
            for transaction in earlier.transactions:
                if transaction.status in {"SUCCESS", "PENDING"}:
                    returned[transaction.parent_id] = returned.get(transaction.parent_id, 0) + transaction.amount
        made = []
        for payment in order.transactions:
            if payment.kind in {"SALE", "CAPTURE"} and payment.status == "SUCCESS" and amount > 0:
                part = min(amount, payment.amount - returned.get(payment.id, 0))
                if part > 0:
                    made.append(self._transaction(order, "REFUND", status, payment.gateway, part, at, payment.id))
                    amount -= part
        return tuple(made)
