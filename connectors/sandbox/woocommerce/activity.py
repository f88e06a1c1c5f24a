"""A shop that lives: what buyers and a merchant do next, drawn from a seeded random number generator.

Everything that is known to mislead a client happens: guests, other currencies, edits within one second, refunds that
bump nothing, refunds taken back, the trash and what leaves it, and rows that vanish without a word.
"""

import contextlib
from collections.abc import Mapping
from decimal import Decimal
from random import Random

from connectors.sandbox.activity import ShopActivity
from connectors.sandbox.woocommerce.catalogue_admin import Item
from connectors.sandbox.woocommerce.records import Order
from connectors.sandbox.woocommerce.shop import Shop

_WEIGHTS: Mapping[str, int] = {
    "place_order": 30,
    "edit_order": 12,
    "change_status": 12,
    "edit_meta": 5,
    "add_note": 2,
    "refund_lines": 8,
    "refund_amount": 5,
    "refund_rest": 4,
    "refund_by_plugin": 3,
    "delete_refund": 4,
    "trash_order": 5,
    "untrash_order": 3,
    "delete_order": 4,
    "create_customer": 5,
    "update_customer": 4,
    "delete_customer": 2,
    "merge_customers": 1,
    "update_product": 3,
    "delete_product": 1,
    "update_coupon": 1,
}
_STATUSES = ("pending", "processing", "on-hold", "completed", "completed", "cancelled", "failed")
_COUPON_CODES = ("welcome", "ten", "each")


class Activity(ShopActivity[Shop]):
    """What happens next at a shop; arguments as of `ShopActivity`."""

    every_weight = _WEIGHTS

    def __init__(self, shop: Shop, random: Random, weights: Mapping[str, int] | None = None) -> None:
        super().__init__(shop, random, weights)
        self._people = 0
        known = {coupon.code for coupon in shop.coupons}
        for code, amount, kind in zip(
            _COUPON_CODES, ("5.00", "10", "1.50"), ("fixed_cart", "percent", "fixed_product"), strict=True
        ):
            if code not in known:
                shop.create_coupon(code, Decimal(amount), kind)

    def _place_order(self) -> None:
        shop, random = self._shop, self._random
        accounts = [customer.id for customer in shop.customers if customer.role == "customer"]
        customer_id = random.choice(accounts) if accounts and random.random() < 0.7 else 0
        self._people += 1
        shop.place_order(
            self._items(random.randint(1, 3)),
            customer=customer_id,
            email="" if customer_id else f"Guest.{self._people % 40}@Example.com",
            billing=None if customer_id else {"country": "US", "state": random.choice(("NY", "CA"))},
            status=random.choice((*_STATUSES, "processing", "processing")),
            shipping=Decimal(random.choice(("0", "4.90", "7.25"))) if random.random() < 0.6 else (),
            fees=[("Handling", Decimal("1.99"))] if random.random() < 0.2 else (),
            coupons=[random.choice(_COUPON_CODES)] if random.random() < 0.25 else (),
            currency=random.choice(("", "", "", "EUR")),
            meta={"source": random.choice(("mail", "search"))} if random.random() < 0.3 else None,
        )

    def _items(self, count: int) -> list[Item]:
        sold = [
            product
            for product in self._shop.products
            if product.status == "publish"
            and not product.parent_id
            and (product.kind == "simple" or product.variation_ids)
        ]
        return [
            Item(
                product.id,
                self._random.choice(product.variation_ids) if product.variation_ids else 0,
                self._random.choice((1, 1, 1, 2, 3)),
            )
            for product in self._random.sample(sold, min(count, len(sold)))
        ]

    def _order(self, *, has_left: bool = False, statuses: tuple[str, ...] = ()) -> Order | None:
        """Any order outside the trash, or inside if that is asked for."""
        ids = self._shop.orders.ids()
        for _ in range(8):
            order = self._shop.orders[self._random.choice(ids)] if ids else None
            if order is None or (order.status in statuses if statuses else order.status != "trash"):
                if order is not None and has_left and self._shop.refundable(order.id) <= 0:
                    continue
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
                self._shop.edit_order(order.id, fees=[("Adjustment", Decimal("-0.50"))])

    def _change_status(self) -> None:
        order = self._order()
        if order is not None:
            self._shop.set_status(order.id, self._random.choice(_STATUSES))

    def _edit_meta(self) -> None:
        order = self._order()
        if order is not None:
            self._shop.edit_meta(order.id, "tracking", f"T{self._random.randrange(10**6)}")

    def _add_note(self) -> None:
        order = self._order()
        if order is not None:
            self._shop.add_note(order.id)

    def _refund_lines(self) -> None:
        order = self._order(has_left=True)
        if order is None or order.refund_ids or not any(line.total for line in order.lines):
            return
        line = self._random.choice([line for line in order.lines if line.total])
        freight = self._shop.rounding.money(order.shipping_lines[0].total) if order.shipping_lines else None
        # A negative fee may leave less than the line was sold for.
        with contextlib.suppress(ValueError):
            self._shop.refund(
                order.id,
                lines={line.id: self._random.randint(1, line.quantity)},
                shipping=freight if self._random.random() < 0.3 else None,
                reason=self._random.choice(("damaged", "too small", "")),
            )

    def _refund_amount(self, *, bumps: bool = True) -> None:
        order = self._order(has_left=True)
        if order is not None:
            left = self._shop.refundable(order.id)
            amount = self._shop.rounding.money(left * self._random.randint(1, 99) / 100)
            if amount:
                self._shop.refund(order.id, amount=amount, bumps=bumps)

    def _refund_by_plugin(self) -> None:
        self._refund_amount(bumps=False)

    def _refund_rest(self) -> None:
        order = self._order(has_left=True)
        if order is not None:
            self._shop.refund_rest(order.id, by_line=self._random.random() < 0.6)

    def _delete_refund(self) -> None:
        ids = self._shop.refunds.ids()
        if ids:
            self._shop.delete_refund(self._random.choice(ids))

    def _trash_order(self) -> None:
        order = self._order()
        if order is not None:
            self._shop.trash_order(order.id)

    def _untrash_order(self) -> None:
        order = self._order(statuses=("trash",))
        if order is not None:
            self._shop.untrash_order(order.id)

    def _delete_order(self) -> None:
        ids = self._shop.orders.ids()
        if ids:
            self._shop.delete_order(self._random.choice(ids))

    def _create_customer(self) -> None:
        self._people += 1
        number = self._random.randrange(10**9)
        self._shop.create_customer(
            f"member.{number}@example.com", first_name="Member", last_name=str(number), billing={"country": "US"}
        )

    def _account(self) -> int:
        accounts = [customer.id for customer in self._shop.customers if customer.role == "customer"]
        return self._random.choice(accounts) if accounts else 0

    def _update_customer(self) -> None:
        customer_id = self._account()
        if customer_id:
            self._shop.update_customer(customer_id, last_name=f"Renamed {self._random.randrange(1000)}")

    def _delete_customer(self) -> None:
        customer_id = self._account()
        if customer_id:
            self._shop.delete_customer(customer_id)

    def _merge_customers(self) -> None:
        kept, merged = self._account(), self._account()
        if kept and merged and kept != merged:
            self._shop.merge_customers(kept, [merged])

    def _update_product(self) -> None:
        product = self._random.choice([product for product in self._shop.products if product.price is not None])
        self._shop.update_product(product.id, price=Decimal(self._random.randint(100, 9_999)) / 100)

    def _delete_product(self) -> None:
        sold = [product.id for product in self._shop.products if not product.parent_id]
        if len(sold) > 5:
            self._shop.delete_product(self._random.choice(sold))

    def _update_coupon(self) -> None:
        coupon = self._random.choice([coupon for coupon in self._shop.coupons if coupon.code in _COUPON_CODES])
        self._shop.update_coupon(coupon.id, amount=Decimal(self._random.randint(1, 15)))
