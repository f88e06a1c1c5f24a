"""A store that lives: what shoppers and a merchant do next, drawn from a seeded random number generator.

Everything that is known to mislead a client happens: guests, checkouts that stop at the payment, other currencies,
refunds by item and by amount, orders that are archived and come back, and rows that vanish without a word.
"""

import contextlib
from collections.abc import Mapping
from decimal import Decimal
from random import Random

from connectors.sandbox.activity import ShopActivity
from connectors.sandbox.bigcommerce.catalogue_admin import Item
from connectors.sandbox.bigcommerce.records import Order
from connectors.sandbox.bigcommerce.shop import Shop

_WEIGHTS: Mapping[str, int] = {
    "place_order": 30,
    "edit_order": 10,
    "change_status": 12,
    "write_note": 4,
    "refund_lines": 8,
    "refund_amount": 5,
    "refund_rest": 4,
    "archive_order": 5,
    "restore_order": 3,
    "purge_order": 3,
    "create_customer": 5,
    "update_customer": 5,
    "delete_customer": 2,
    "merge_customers": 1,
    "subscribe": 4,
    "change_consents": 2,
    "unsubscribe": 1,
    "update_product": 3,
    "delete_product": 1,
    "update_coupon": 1,
}
_STATUSES = (0, 1, 2, 5, 6, 7, 9, 10, 10, 11, 11, 12)
_COUPON_CODES = ("FIVEOFF", "TENPERCENT", "EACH")


class Activity(ShopActivity[Shop]):
    """What happens next at a store; arguments as of `ShopActivity`."""

    every_weight = _WEIGHTS

    def __init__(self, shop: Shop, random: Random, weights: Mapping[str, int] | None = None) -> None:
        super().__init__(shop, random, weights)
        known = {coupon.code for coupon in shop.coupons}
        kinds = ("per_total_discount", "percentage_discount", "per_item_discount")
        for code, amount, kind in zip(_COUPON_CODES, ("5.00", "10", "1.50"), kinds, strict=True):
            if code not in known:
                shop.create_coupon(code, Decimal(amount), kind)

    def _place_order(self) -> None:
        shop, random = self._shop, self._random
        accounts = shop.customers.ids()
        customer_id = random.choice(accounts) if accounts and random.random() < 0.7 else 0
        state = random.choice(("New York", "Texas"))
        shop.place_order(
            self._items(random.randint(1, 3)),
            customer=customer_id,
            email="" if customer_id else f"Guest.{random.randrange(40)}@Example.com",
            billing={"country": "United States", "country_iso2": "US", "state": state},
            status_id=random.choice((*_STATUSES, 10, 11, 11)),
            shipping=[Decimal(random.choice(("0", "4.95", "8.20"))) for _ in range(random.choice((1, 1, 1, 2)))],
            handling=Decimal("1.50") if random.random() < 0.2 else Decimal(0),
            fees=[("Package protection", Decimal("2.49"))] if random.random() < 0.15 else (),
            discount=Decimal("3.00") if random.random() < 0.15 else Decimal(0),
            coupons=[random.choice(_COUPON_CODES)] if random.random() < 0.25 else (),
            currency=random.choice(("", "", "", *shop.settings.exchange_rates)),
            store_credit=Decimal("0.50") if random.random() < 0.1 else Decimal(0),
        )

    def _items(self, count: int) -> list[Item]:
        products = self._random.sample(list(self._shop.products), min(count, len(self._shop.products)))
        items = [
            Item(
                product.id,
                self._random.choice(product.variants).id,
                self._random.choice((1, 1, 1, 2, 3)),
                wrapping=Decimal("2.00") if self._random.random() < 0.1 else Decimal(0),
            )
            for product in products
        ]
        if self._random.random() < 0.08:
            items.append(Item(0, price=Decimal(25)))
        return items

    def _order(self, *, has_left: bool = False, is_deleted: bool = False) -> Order | None:
        ids = self._shop.orders.ids()
        for _ in range(8):
            order = self._shop.orders[self._random.choice(ids)] if ids else None
            if order is None or order.is_deleted != is_deleted:
                continue
            if not has_left or (order.transactions and self._shop.refundable(order.id) > 0):
                return order
        return None

    def _edit_order(self) -> None:
        order = self._order()
        if order is None or order.refund_ids or not order.lines:
            return
        line = self._random.choice(order.lines)
        match self._random.randrange(4):
            case 0:
                self._shop.edit_order(order.id, quantities={line.id: line.quantity + 1})
            case 1 if len(order.lines) > 1:
                self._shop.edit_order(order.id, quantities={line.id: 0})
            case 2:
                self._shop.edit_order(order.id, add=self._items(1))
            case _:
                self._shop.edit_order(order.id, fees=[("Adjustment", Decimal("0.75"))])

    def _change_status(self) -> None:
        order = self._order()
        if order is not None:
            self._shop.set_status(order.id, self._random.choice(_STATUSES))

    def _write_note(self) -> None:
        order = self._order()
        if order is not None:
            self._shop.write_note(order.id, f"Bin {self._random.randrange(1000)}")

    def _refund_lines(self) -> None:
        order = self._order(has_left=True)
        if order is None or not order.lines:
            return
        line = self._random.choice(order.lines)
        freight = order.addresses[0].cost.inc_tax if order.addresses else Decimal(0)
        # Earlier refunds by amount may leave less than the line was sold for.
        with contextlib.suppress(ValueError):
            self._shop.refund(
                order.id,
                lines={line.id: self._random.randint(1, line.quantity)},
                shipping=freight if self._random.random() < 0.3 and not order.refund_ids else Decimal(0),
                reason=self._random.choice(("Damaged", "Too small", "")),
            )

    def _refund_amount(self) -> None:
        order = self._order(has_left=True)
        if order is not None:
            left = self._shop.refundable(order.id)
            amount = (left * self._random.randint(1, 99) / 100).quantize(self._shop.unit)
            if amount:
                self._shop.refund(order.id, amount=amount)

    def _refund_rest(self) -> None:
        order = self._order(has_left=True)
        if order is not None:
            self._shop.refund_rest(order.id)

    def _archive_order(self) -> None:
        order = self._order()
        if order is not None:
            self._shop.archive_order(order.id)

    def _restore_order(self) -> None:
        order = self._order(is_deleted=True)
        if order is not None:
            self._shop.restore_order(order.id)

    def _purge_order(self) -> None:
        ids = self._shop.orders.ids()
        if ids:
            self._shop.purge_order(self._random.choice(ids))

    def _create_customer(self) -> None:
        number = self._random.randrange(10**9)
        self._shop.create_customer(
            f"member.{number}@example.com",
            first_name="Member",
            last_name=str(number),
            accepts_emails=self._random.random() < 0.6,
        )

    def _account(self) -> int:
        accounts = self._shop.customers.ids()
        return self._random.choice(accounts) if accounts else 0

    def _update_customer(self) -> None:
        customer_id = self._account()
        if customer_id:
            self._shop.update_customer(
                customer_id,
                last_name=f"Renamed {self._random.randrange(1000)}",
                accepts_emails=self._random.random() < 0.5,
            )

    def _delete_customer(self) -> None:
        customer_id = self._account()
        if customer_id:
            self._shop.delete_customer(customer_id)

    def _merge_customers(self) -> None:
        kept, merged = self._account(), self._account()
        if kept and merged and kept != merged:
            self._shop.merge_customers(kept, [merged])

    def _subscribe(self) -> None:
        self._shop.subscribe(f"reader.{self._random.randrange(10**9)}@example.com")

    def _change_consents(self) -> None:
        ids = self._shop.subscribers.ids()
        if ids:
            consents = self._random.choice(([], ["marketing_newsletter"], ["abandoned_cart"]))
            self._shop.change_consents(self._random.choice(ids), consents)

    def _unsubscribe(self) -> None:
        ids = self._shop.subscribers.ids()
        if ids:
            self._shop.unsubscribe(self._random.choice(ids))

    def _update_product(self) -> None:
        product_id = self._random.choice(self._shop.products.ids())
        self._shop.update_product(product_id, price=Decimal(self._random.randint(100, 9_999)) / 100)

    def _delete_product(self) -> None:
        ids = self._shop.products.ids()
        if len(ids) > 5:
            self._shop.delete_product(self._random.choice(ids))

    def _update_coupon(self) -> None:
        coupon = self._random.choice([coupon for coupon in self._shop.coupons if coupon.code in _COUPON_CODES])
        self._shop.update_coupon(coupon.id, amount=Decimal(self._random.randint(1, 15)))
