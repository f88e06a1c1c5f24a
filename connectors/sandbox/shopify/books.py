"""The shop's state: its settings, its records and its own clock.

What happens to it stands in the desks, modules that each add the operations on one kind of record.
"""

import threading
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from connectors.currencies import MINOR_DIGITS
from connectors.sandbox.shopify.merchandise import Checkout, Collection, Discount, Product, Variant
from connectors.sandbox.shopify.money import MoneyContext, minor_units
from connectors.sandbox.shopify.records import Customer, Order, Refund
from connectors.sandbox.shopify.shelves import Shelf


class Books:
    """A shop's own database.

    Attributes:
        name: The shop's name.
        domain: Its myshopify.com domain.
        currency: Of all amounts in the books.
        zone: The shop's time zone.
        plan: standard, advanced, plus or enterprise; decides how fast the API may be asked.
        taxes_included: Whether prices include tax, on orders that do not say.
        created_at: When the shop opened.
        lock: Held while something happens, and while a request is answered.
        merged: Customers that were merged into others, by their former id.
        metafields: Type and value by the owner's global id, namespace and key.
        effects: What apps changed, oldest first: the shop's own log, written before the app is answered.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], datetime],
        name: str = "Sandbox",
        domain: str = "sandbox.myshopify.com",
        currency: str = "USD",
        time_zone: str = "America/New_York",
        plan: str = "standard",
        taxes_included: bool = False,
        number: int = 1,
    ) -> None:
        """Open a shop without any records.

        Args:
            clock: The shop's time, with a zone.
            name: Its name.
            domain: Its myshopify.com domain.
            currency: ISO 4217 code.
            time_zone: IANA name.
            plan: standard, advanced, plus or enterprise.
            taxes_included: Whether prices include tax.
            number: Keeps the ids of two shops apart.
        """
        if currency not in MINOR_DIGITS:
            message = f"{currency!r} is not an ISO 4217 currency"
            raise ValueError(message)
        self.name, self.domain, self.currency = name, domain, currency
        self.zone, self.plan, self.taxes_included = ZoneInfo(time_zone), plan, taxes_included
        self.clock = clock
        self.created_at = self.now()
        self.lock = threading.RLock()
        self.id = 60_000_000 + number
        start = 1_000_000_000 + number * 10_000_000_000
        self._ids: defaultdict[str, count[int]] = defaultdict(lambda: count(start))
        self._order_numbers = count(1001)
        self._money: dict[tuple[str, Decimal], MoneyContext] = {}
        self.money = self.money_for(None, None)
        self.orders: Shelf[Order] = Shelf(
            {
                "id": lambda order: order.id,
                "created_at": lambda order: order.created_at,
                "processed_at": lambda order: order.processed_at,
                "updated_at": lambda order: order.updated_at,
                "total_price": lambda order: order.total,
            },
            self.now,
        )
        self.customers: Shelf[Customer] = Shelf(
            {
                "id": lambda customer: customer.id,
                "created_at": lambda customer: customer.created_at,
                "updated_at": lambda customer: customer.updated_at,
                "name": lambda customer: f"{customer.last_name or ''}, {customer.first_name or ''}".lower(),
            },
            self.now,
        )
        self.products: Shelf[Product] = Shelf(
            {
                "id": lambda product: product.id,
                "created_at": lambda product: product.created_at,
                "updated_at": lambda product: product.updated_at,
                "title": lambda product: product.title.lower(),
                "vendor": lambda product: product.vendor.lower(),
                "product_type": lambda product: product.product_type.lower(),
            },
            self.now,
        )
        self.collections: Shelf[Collection] = Shelf(
            {
                "id": lambda collection: collection.id,
                "updated_at": lambda collection: collection.updated_at,
                "title": lambda collection: collection.title.lower(),
            },
            self.now,
        )
        self.discounts: Shelf[Discount] = Shelf(
            {
                "id": lambda discount: discount.id,
                "created_at": lambda discount: discount.created_at,
                "updated_at": lambda discount: discount.updated_at,
                "starts_at": lambda discount: discount.starts_at,
                "title": lambda discount: discount.title.lower(),
            },
            self.now,
        )
        self.checkouts: Shelf[Checkout] = Shelf(
            {
                "id": lambda checkout: checkout.id,
                "created_at": lambda checkout: checkout.created_at,
                "updated_at": lambda checkout: checkout.updated_at,
                "total_price": lambda checkout: checkout.total,
            },
            self.now,
        )
        self.variants: dict[int, Variant] = {}
        self.refunds: dict[int, Refund] = {}
        self.merged: dict[int, int] = {}
        self.metafields: dict[tuple[str, str, str], tuple[str, str]] = {}
        self.effects: list[dict[str, Any]] = []

    def now(self) -> datetime:
        """The shop's time in UTC and whole seconds, as far as its database knows it."""
        return self.clock().astimezone(UTC).replace(microsecond=0)

    def note_effect(self, effect: str, **facts: Any) -> None:  # noqa: ANN401 - JSON
        """Write down what an app changed."""
        self.effects.append({"effect": effect, "at": self.now().isoformat(), **facts})

    def discount_of(self, code: str) -> Discount | None:
        """The discount that a code opens; codes are the same in any case."""
        wanted = code.casefold()
        return next((d for d in self.discounts if any(c.code.casefold() == wanted for c in d.codes)), None)

    def lag(self, seconds: float) -> None:
        """Let the search index be that far behind from now on."""
        for shelf in (self.orders, self.customers, self.products, self.collections, self.discounts, self.checkouts):
            shelf.lag_seconds = seconds

    def money_for(self, presentment: str | None, rate: Decimal | None) -> MoneyContext:
        """The currencies of a record whose buyer pays in `presentment`, at `rate` for one unit of the shop's."""
        key = (presentment or self.currency, rate or Decimal(1))
        if key not in self._money:
            self._money[key] = MoneyContext(self.currency, *key)
        return self._money[key]

    def amount(self, cents: int) -> Decimal:
        """An amount of the size that many cents have, in whatever places the shop's currency knows."""
        return Decimal(cents) if MINOR_DIGITS[self.currency] == 0 else Decimal(cents) / 100

    def new_discount_id(self) -> int:
        """An id for a discount, or for one of its codes."""
        return self._new_id("Discount")

    def _new_id(self, kind: str) -> int:
        return next(self._ids[kind])

    def _minor(self, amount: Decimal | int | str) -> int:
        return minor_units(amount, self.currency)

    def _at(self, at: datetime | None) -> datetime:
        """A time of the caller's, or now."""
        return self.now() if at is None else at.astimezone(UTC).replace(microsecond=0)

    def _order(self, order_id: int) -> Order:
        order = self.orders.get(order_id)
        if order is None:
            message = f"there is no order {order_id}"
            raise KeyError(message)
        return order

    def _customer(self, customer_id: int) -> Customer:
        customer = self.customers.get(customer_id)
        if customer is None:
            message = f"there is no customer {customer_id}"
            raise KeyError(message)
        return customer

    def _stamp_order(self, order: Order, at: datetime) -> None:
        known_at, order.updated_at = order.updated_at, max(order.updated_at, at)
        self.orders.touched(order, known_at)

    def _stamp_customer(self, customer: Customer, at: datetime) -> None:
        known_at, customer.updated_at = customer.updated_at, max(customer.updated_at, at)
        self.customers.touched(customer, known_at)
