"""Placing orders."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from connectors.sandbox.shopify.books import Books
from connectors.sandbox.shopify.money import rounded, shares
from connectors.sandbox.shopify.records import (
    Allocation,
    DiscountApplication,
    Duty,
    Fee,
    LineItem,
    Order,
    ShippingLine,
    Transaction,
)
from connectors.sandbox.shopify.totals import settle, taxes_on


@dataclass(frozen=True)
class Item:
    """What is put on an order: so many of a variant, or of something that is in no catalogue.

    Attributes:
        variant_id: The variant.
        quantity: How many.
        price: Of one; None for the variant's own.
        title: Of what is in no catalogue.
        taxable: Whether the order's taxes apply.
        duty: An import duty on all of it.
        is_gift_card: Of what is in no catalogue: whether it is money to spend later.
    """

    variant_id: int | None = None
    quantity: int = 1
    price: Decimal | None = None
    title: str = "Custom item"
    taxable: bool = True
    duty: Decimal | None = None
    is_gift_card: bool = False


@dataclass(frozen=True)
class Reduction:
    """A discount on an order.

    Attributes:
        title: The code, or its title.
        percentage: In percent of what it applies to.
        amount: Or this much.
        kind: code, automatic or manual.
        items: The numbers of the items it applies to, from 0; None for the whole cart.
        is_for_shipping: Whether it applies to shipping instead.
    """

    title: str
    percentage: Decimal | None = None
    amount: Decimal | None = None
    kind: str = "code"
    items: tuple[int, ...] | None = None
    is_for_shipping: bool = False


@dataclass(frozen=True)
class Delivery:
    """A shipping method and its price."""

    price: Decimal
    title: str = "Standard"
    code: str = "standard"


@dataclass(frozen=True)
class Payment:
    """How an order is paid.

    Attributes:
        state: paid, authorized or pending.
        gateway: Who takes the money.
        gift_card: How much of it is paid with a gift card; at most the total.
        cash_unit: The smallest coin, for cash payments that are rounded to it.
    """

    state: str = "paid"
    gateway: str = "shopify_payments"
    gift_card: Decimal = Decimal(0)
    cash_unit: Decimal | None = None


PAID = Payment()


class OrderDesk(Books):
    """Where orders are placed."""

    def place_order(
        self,
        *,
        lines: Sequence[Item],
        customer: int | None = None,
        email: str | None = None,
        ordered_at: datetime | None = None,
        discounts: Sequence[Reduction] = (),
        delivery: Delivery | None = None,
        taxes: Sequence[tuple[str, Decimal]] = (),
        taxes_included: bool | None = None,
        tip: Decimal = Decimal(0),
        fees: Sequence[tuple[str, Decimal]] = (),
        payment: Payment = PAID,
        presentment: str | None = None,
        rate: Decimal | None = None,
        test: bool = False,
        fulfilled: bool = False,
        source_name: str = "web",
        note: str | None = None,
        tags: tuple[str, ...] = (),
        attributes: tuple[tuple[str, str], ...] = (),
        imported_at: datetime | None = None,
    ) -> Order:
        """Place an order.

        Args:
            lines: What is bought.
            customer: Who buys; None for a guest.
            email: The address on the order; the customer's own if it isn't given.
            ordered_at: When; now if it isn't given.
            discounts: In the order in which they apply.
            delivery: How it is shipped; None for nothing to ship.
            taxes: Titles and rates, on taxable items and on shipping.
            taxes_included: Whether prices include them; None for as the shop has it.
            tip: A tip, which Shopify keeps as a line of its own.
            fees: Additional fees.
            payment: How it is paid.
            presentment: The currency the buyer pays in.
            rate: What one unit of the shop's currency is worth in it.
            test: Whether it is a test order.
            fulfilled: Whether everything was shipped at once.
            source_name: web, pos and the like.
            note: A note.
            tags: Tags.
            attributes: Free keys and values.
            imported_at: When an order of the past was brought into the shop: its creation, which then is not the time
                at which it was processed.
        """
        with self.lock:
            at = self._at(ordered_at)
            created_at = at if imported_at is None else self._at(imported_at)
            buyer = None if customer is None else self._customer(customer)
            order = Order(
                id=self._new_id("Order"),
                number=next(self._order_numbers),
                money=self.money if presentment is None else self.money_for(presentment, rate),
                created_at=created_at,
                processed_at=at,
                updated_at=created_at,
                customer_id=customer,
                email=email if email is not None or buyer is None else buyer.email,
                taxes_included=self.taxes_included if taxes_included is None else taxes_included,
                test=test,
                note=note,
                tags=tags,
                attributes=attributes,
                source_name=source_name,
                address=buyer.address if buyer else None,
            )
            order.lines = tuple(self._line(order, item) for item in lines)
            if delivery is not None:
                price = self._minor(delivery.price)
                shipping = ShippingLine(self._new_id("ShippingLine"), order, delivery.title, delivery.code, price)
                order.shipping_lines = (shipping,)
            if discounts:
                self._discount(order, discounts)
            if taxes:
                self._tax(order, order.lines, taxes)
            if tip:
                tipped = self._line(order, Item(title="Tip", price=tip, taxable=False))
                tipped.is_tip, tipped.requires_shipping = True, False
                order.lines = (*order.lines, tipped)
            order.fees = tuple(Fee(self._new_id("Fee"), name, self._minor(amount)) for name, amount in fees)
            if fulfilled:
                for line in order.lines:
                    line.fulfilled_quantity = 0 if line.is_tip else line.quantity
            settle(order)
            self._pay(order, payment, at)
            self.orders.put(order)
            if buyer is not None:
                buyer.order_ids.append(order.id)
                self._stamp_customer(buyer, created_at)
            return order

    def _line(self, order: Order, item: Item) -> LineItem:
        variant = None if item.variant_id is None else self.variants[item.variant_id]
        line = LineItem(
            id=self._new_id("LineItem"),
            order=order,
            title=item.title if variant is None else variant.product.title,
            quantity=item.quantity,
            current_quantity=item.quantity,
            unit_price=variant.price if variant and item.price is None else self._minor(item.price or 0),
            taxable=item.taxable,
            is_gift_card=item.is_gift_card,
        )
        if variant is not None:
            line.product_id, line.variant_id = variant.product.id, variant.id
            line.variant_title = None if variant.title == "Default Title" else variant.title
            line.sku, line.vendor, line.weight_grams = variant.sku, variant.product.vendor, variant.weight_grams
            line.is_gift_card = variant.product.is_gift_card
            line.requires_shipping = variant.requires_shipping
            line.taxable = item.taxable and variant.taxable
        if line.is_gift_card:
            line.taxable = line.requires_shipping = False
        if item.duty:
            line.duties = (Duty(self._new_id("Duty"), "6109.10", "CN", self._minor(item.duty)),)
        return line

    def _discount(self, order: Order, discounts: Sequence[Reduction]) -> None:
        """Take discounts off, one after the other, each from what the ones before it left."""
        applications = []
        for place, reduction in enumerate(discounts):
            amount = 0 if reduction.amount is None else self._minor(reduction.amount)
            if reduction.is_for_shipping:
                targets: list[LineItem | ShippingLine] = list(order.shipping_lines)
            else:
                chosen = range(len(order.lines)) if reduction.items is None else reduction.items
                targets = [order.lines[n] for n in chosen if not order.lines[n].is_gift_card]
            left = [target.price - sum(part.amount for part in target.allocations) for target in targets]
            whole = sum(left)
            if reduction.percentage is not None:
                off = rounded(whole * reduction.percentage / 100)
            else:
                off = min(amount, whole)
            for target, part in zip(targets, shares(off, left), strict=True):
                if part:
                    target.allocations = (*target.allocations, Allocation(place, part))
            applications.append(
                DiscountApplication(
                    place=place,
                    kind=reduction.kind,
                    title=reduction.title,
                    percentage=reduction.percentage,
                    amount=amount,
                    target="SHIPPING_LINE" if reduction.is_for_shipping else "LINE_ITEM",
                    selection="ALL" if reduction.items is None else "ENTITLED",
                )
            )
        order.applications = tuple(applications)

    def _tax(self, order: Order, lines: Sequence[LineItem], taxes: Sequence[tuple[str, Decimal]]) -> None:
        for line in lines:
            if line.taxable:
                discounted = line.price - line.discount
                line.tax_lines = taxes_on(discounted, taxes, is_included=order.taxes_included)
        for shipping in order.shipping_lines:
            shipping.tax_lines = taxes_on(shipping.discounted, taxes, is_included=order.taxes_included)

    def _pay(self, order: Order, payment: Payment, at: datetime) -> None:
        due = order.total
        card = min(self._minor(payment.gift_card), due) if payment.state == "paid" else 0
        made = []
        if card:
            made.append(self._transaction(order, "SALE", "SUCCESS", "gift_card", card, at))
        if due - card > 0 or not due:
            if payment.state == "authorized":
                made.append(self._transaction(order, "AUTHORIZATION", "SUCCESS", payment.gateway, due, at))
            elif payment.state == "pending":
                made.append(self._transaction(order, "SALE", "PENDING", payment.gateway, due, at))
            elif due:
                paid = self._transaction(order, "SALE", "SUCCESS", payment.gateway, due - card, at)
                if payment.cash_unit is not None:
                    coin = self._minor(payment.cash_unit)
                    paid.rounding = rounded(Decimal(paid.amount) / coin) * coin - paid.amount
                made.append(paid)
        order.transactions = tuple(made)
        settle(order)

    def _transaction(
        self, order: Order, kind: str, status: str, gateway: str, amount: int, at: datetime, parent: int | None = None
    ) -> Transaction:
        return Transaction(self._new_id("OrderTransaction"), order, kind, status, gateway, amount, at, at, parent)
