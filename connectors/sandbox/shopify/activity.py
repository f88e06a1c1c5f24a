"""A shop that lives: what buyers and a merchant do next, drawn from a seeded random number generator.

Everything that is known to mislead a client happens: guests, test orders, other currencies, edits within one second,
refunds that finish without a word, merges, and orders that vanish.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from random import Random
from typing import TypeVar

from connectors.sandbox.activity import ShopActivity
from connectors.sandbox.shopify.money import decimal_amount
from connectors.sandbox.shopify.ordering import Delivery, Item, Payment, Reduction
from connectors.sandbox.shopify.records import Order
from connectors.sandbox.shopify.shelves import Record, Shelf
from connectors.sandbox.shopify.shop import Shop
from connectors.sandbox.shopify.totals import outstanding

_R = TypeVar("_R", bound=Record)

_WEIGHTS: Mapping[str, int] = {
    "place_order": 30,
    "place_guest_order": 8,
    "add_to_order": 6,
    "remove_from_order": 6,
    "settle_balance": 4,
    "change_order": 6,
    "fulfill": 5,
    "capture": 4,
    "expire": 1,
    "cancel": 4,
    "refund_lines": 8,
    "refund_amount": 4,
    "refund_rest": 4,
    "refund_pending": 2,
    "finish_refund": 2,
    "delete_order": 4,
    "add_customer": 5,
    "change_customer": 5,
    "merge_customers": 2,
    "redact_customer": 1,
    "change_product": 3,
    "delete_product": 1,
    "begin_checkout": 3,
    "complete_checkout": 1,
    "end_discount": 1,
}
_TAXES: Sequence[Sequence[tuple[str, Decimal]]] = (
    (),
    (("State tax", Decimal("0.0625")),),
    (("State tax", Decimal("0.04")), ("City tax", Decimal("0.045"))),
)


class Activity(ShopActivity[Shop]):
    """What happens next at a shop; arguments as of `ShopActivity`."""

    every_weight = _WEIGHTS

    def __init__(self, shop: Shop, random: Random, weights: Mapping[str, int] | None = None) -> None:
        super().__init__(shop, random, weights)
        self._people = 0
        if not len(shop.discounts):
            shop.add_discount("Welcome", codes=["WELCOME10"], percentage=Decimal(10))
            shop.add_discount("Free delivery", codes=["SHIPFREE"], is_free_shipping=True)
            shop.add_discount("Five off", amount=shop.amount(500))

    def _any(self, shelf: Shelf[_R]) -> _R | None:
        return self._random.choice(list(shelf.records.values())) if len(shelf) else None

    def _any_order(self, is_fit: Callable[[Order], bool]) -> Order | None:
        # Recent orders are changed most; a look at a few of them finds one that fits, or nothing happens.
        orders = list(self._shop.orders.records.values())
        for _ in range(8):
            if orders:
                order = orders[-1 - int(len(orders) * self._random.random() ** 2)]
                if is_fit(order):
                    return order
        return None

    def _items(self) -> list[Item]:
        random, variants = self._random, list(self._shop.variants.values())
        chosen = random.sample(variants, min(len(variants), random.randint(1, 4)))
        items = [Item(variant.id, random.randint(1, 3)) for variant in chosen]
        if random.random() < 0.1:
            items.append(Item(None, 1, self._shop.amount(random.randint(100, 999)), "Gift wrap"))
        return items

    def _place(self, customer: int | None, email: str | None) -> None:
        random = self._random
        items = self._items()
        discounts = []
        if random.random() < 0.3:
            discounts.append(Reduction("WELCOME10", percentage=Decimal(10)))
        if random.random() < 0.15:
            discounts.append(Reduction("Five off", amount=self._shop.amount(500), kind="automatic", items=(0,)))
        if random.random() < 0.1:
            discounts.append(Reduction("SHIPFREE", percentage=Decimal(100), is_for_shipping=True))
        is_foreign = random.random() < 0.1
        self._shop.place_order(
            lines=items,
            customer=customer,
            email=email,
            discounts=discounts,
            delivery=Delivery(self._shop.amount(random.choice([0, 490, 1250]))) if random.random() < 0.8 else None,
            taxes=random.choice(_TAXES),
            tip=self._shop.amount(random.randint(1, 500) if random.random() < 0.1 else 0),
            payment=self._payment(),
            presentment="EUR" if is_foreign else None,
            rate=Decimal("0.9137") if is_foreign else None,
            test=random.random() < 0.03,
            fulfilled=random.random() < 0.5,
        )

    def _payment(self) -> Payment:
        draw = self._random.random()
        if draw < 0.05:
            return Payment("pending", "manual")
        if draw < 0.1:
            return Payment("authorized")
        if draw < 0.2:
            return Payment(gift_card=self._shop.amount(self._random.randint(500, 5000)))
        if draw < 0.25:
            return Payment(gateway="cash", cash_unit=self._shop.amount(5))
        return Payment()

    def _place_order(self) -> None:
        customer = self._any(self._shop.customers)
        self._place(None if customer is None else customer.id, None)

    def _place_guest_order(self) -> None:
        self._people += 1
        self._place(None, f"guest{self._random.randint(1, 50)}@example.com")

    def _add_to_order(self) -> None:
        order = self._any_order(lambda o: o.cancelled_at is None and not o.expired)
        if order is not None:
            self._shop.edit_order(order.id, add=self._items()[:1])

    def _remove_from_order(self) -> None:
        order = self._any_order(lambda o: o.cancelled_at is None and any(x.current_quantity for x in o.lines))
        if order is not None:
            line = self._random.choice([x for x in order.lines if x.current_quantity])
            self._shop.edit_order(order.id, remove={line.id: self._random.randint(1, line.current_quantity)})

    def _settle_balance(self) -> None:
        order = self._any_order(lambda o: o.cancelled_at is None and outstanding(o) != 0)
        if order is not None:
            self._shop.capture(order.id)
            self._shop.pay_back(order.id)

    def _change_order(self) -> None:
        order = self._any_order(lambda _: True)
        if order is not None:
            self._shop.change_order(order.id, tags=(f"tag{self._random.randint(1, 9)}",), note="Changed")

    def _fulfill(self) -> None:
        order = self._any_order(lambda o: o.fulfillment_status != "FULFILLED" and o.cancelled_at is None)
        if order is not None:
            self._shop.fulfill(order.id)

    def _capture(self) -> None:
        order = self._any_order(lambda o: o.financial_status in {"PENDING", "AUTHORIZED"} and o.cancelled_at is None)
        if order is not None:
            if self._random.random() < 0.2:
                self._shop.fail_payment(order.id)
            else:
                self._shop.capture(order.id)

    def _expire(self) -> None:
        order = self._any_order(lambda o: o.financial_status == "AUTHORIZED")
        if order is not None:
            self._shop.expire(order.id)

    def _cancel(self) -> None:
        order = self._any_order(lambda o: o.cancelled_at is None)
        if order is not None:
            self._shop.cancel(order.id, reason=self._random.choice(["CUSTOMER", "FRAUD", "INVENTORY"]))

    def _refundable(self) -> Order | None:
        return self._any_order(lambda o: o.cancelled_at is None and o.received > o.refunded)

    def _refund_lines(self) -> None:
        order = self._refundable()
        left = [line for line in order.lines if line.current_quantity] if order is not None else []
        if order is not None and left:
            line = self._random.choice(left)
            lines = {line.id: self._random.randint(1, line.current_quantity)}
            self._shop.refund_order(order.id, lines=lines, shipping=self._random.random() < 0.3, note="Came back")

    def _refund_amount(self) -> None:
        order = self._refundable()
        if order is not None:
            most = order.received - order.refunded
            paid = decimal_amount(self._random.randint(1, max(most // 4, 1)), self._shop.currency)
            self._shop.refund_order(order.id, lines={}, shipping=False, amount=paid, note="Goodwill")

    def _refund_rest(self) -> None:
        order = self._refundable()
        if order is not None:
            self._shop.refund_order(order.id)

    def _refund_pending(self) -> None:
        order = self._refundable()
        left = [line for line in order.lines if line.current_quantity] if order is not None else []
        if order is not None and left:
            self._shop.refund_order(order.id, lines={left[0].id: 1}, shipping=False, status="PENDING")

    def _finish_refund(self) -> None:
        order = self._any_order(lambda o: any(t.kind == "REFUND" and t.status == "PENDING" for t in o.transactions))
        if order is not None:
            for refund in order.refunds:
                if any(t.status == "PENDING" for t in refund.transactions):
                    self._shop.finish_refund(order.id, refund.id)

    def _delete_order(self) -> None:
        order = self._any_order(lambda _: True)
        if order is not None:
            self._shop.delete_order(order.id)

    def _add_customer(self) -> None:
        self._people += 1
        self._shop.add_customer(
            email=f"person{self._people}.{self._random.randint(1, 10**6)}@example.com",
            first_name="Generated",
            last_name=f"Person {self._people}",
            phone=f"+1212555{self._people:04}" if self._people % 2 else None,
            has_email_consent=self._random.choice([True, False, None]),
        )

    def _change_customer(self) -> None:
        customer = self._any(self._shop.customers)
        if customer is not None:
            self._shop.change_customer(
                customer.id,
                has_email_consent=self._random.random() < 0.5,
                has_sms_consent=None if customer.phone is None else customer.id % 3 > 0,
                note="Changed",
            )

    def _merge_customers(self) -> None:
        one, two = self._any(self._shop.customers), self._any(self._shop.customers)
        if one is not None and two is not None and one is not two:
            self._shop.merge_customers(one.id, two.id)

    def _redact_customer(self) -> None:
        customer = self._any(self._shop.customers)
        if customer is not None:
            self._shop.redact_customer(customer.id)

    def _change_product(self) -> None:
        product = self._any(self._shop.products)
        if product is not None:
            self._shop.change_product(product.id, price=self._shop.amount(100 * self._random.randint(5, 90)))

    def _delete_product(self) -> None:
        product = self._any(self._shop.products)
        if product is not None and len(self._shop.products) > 5:
            self._shop.delete_product(product.id)

    def _begin_checkout(self) -> None:
        customer = self._any(self._shop.customers)
        self._shop.begin_checkout(lines=self._items(), customer=None if customer is None else customer.id)

    def _complete_checkout(self) -> None:
        checkout = self._any(self._shop.checkouts)
        if checkout is not None and checkout.completed_at is None:
            self._shop.complete_checkout(checkout.id)

    def _end_discount(self) -> None:
        discount = self._any(self._shop.discounts)
        if discount is not None:
            self._shop.end_discount(discount.id)
