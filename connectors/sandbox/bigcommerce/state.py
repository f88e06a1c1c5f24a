"""What a BigCommerce store holds: its settings, its tables, its clock and the numbers it gives out."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import count
from zoneinfo import ZoneInfo

from connectors.sandbox.bigcommerce.quota import Quota
from connectors.sandbox.bigcommerce.records import (
    Brand,
    Category,
    Coupon,
    Customer,
    Order,
    Product,
    Refund,
    Subscriber,
    Variant,
)
from connectors.sandbox.rows import Table
from connectors.sandbox.shop_time import ShopTime

READ_SCOPES = (
    "store_v2_orders_read_only",
    "store_v2_transactions_read_only",
    "store_v2_customers_read_only",
    "store_v2_products_read_only",
    "store_v2_marketing_read_only",
    "store_v2_information_read_only",
)


@dataclass
class StoreSettings:
    """What a merchant sets up once.

    Attributes:
        store_hash: The store's id in addresses.
        name: The store's name.
        currency: The store's default currency.
        time_zone: An IANA name.
        plan: The plan's name.
        prices_include_tax: Whether prices are entered with tax.
        tax_rates: Percent by the billing address's country, or its country and state as in "US-NY".
        exchange_rates: Further transactional currencies, with how much of each one unit of the default currency is.
        is_multi_currency: Whether orders name the default currency; else they leave it empty.
        lists_archived: Whether lists of orders show archived ones unasked.
        has_stable_ties: Whether rows with equal sort keys come in the order of their ids, on every page.
        decimals: The places that amounts have.
    """

    store_hash: str = "sandbox1"
    name: str = "Example store"
    currency: str = "USD"
    time_zone: str = "America/Chicago"
    plan: str = "Standard"
    prices_include_tax: bool = False
    tax_rates: dict[str, Decimal] = field(default_factory=dict)
    exchange_rates: dict[str, Decimal] = field(default_factory=dict)
    is_multi_currency: bool = True
    lists_archived: bool = False
    has_stable_ties: bool = False
    decimals: int = 2


class StoreState(ShopTime):
    """Tables, clock, tokens and sequences.

    Args:
        clock: The store's own time, aware.
        settings: What the merchant set up.
        quota: Requests in 30 seconds; None for no limit.
    """

    def __init__(
        self, clock: Callable[[], datetime], settings: StoreSettings | None = None, *, quota: int | None = 150
    ) -> None:
        self.clock = clock
        self.settings = settings or StoreSettings()
        self.opened = self.now()
        self.lock = threading.RLock()
        self.quota = Quota(clock, quota)
        self.zone = ZoneInfo(self.settings.time_zone)
        self.tokens: dict[str, frozenset[str]] = {"sandbox-token": frozenset(READ_SCOPES)}
        self.orders: Table[Order] = Table()
        self.refunds: Table[Refund] = Table()
        self.customers: Table[Customer] = Table()
        self.subscribers: Table[Subscriber] = Table()
        self.products: Table[Product] = Table()
        self.variants: Table[Variant] = Table()
        self.categories: Table[Category] = Table()
        self.brands: Table[Brand] = Table()
        self.coupons: Table[Coupon] = Table()
        self._order_ids = count(100)
        self._line_ids = count(1)
        self._address_ids = count(1)
        self._order_coupon_ids = count(1)
        self._fee_ids = count(1)
        self._transaction_ids = count(1)
        self._refund_ids = count(1)
        self._customer_ids = count(1)
        self._subscriber_ids = count(1)
        self._product_ids = count(77)
        self._variant_ids = count(60)
        self._category_ids = count(18)
        self._brand_ids = count(30)
        self._coupon_ids = count(1)
        self._certificate_ids = count(1)

    @property
    def unit(self) -> Decimal:
        """The smallest amount."""
        return Decimal(1).scaleb(-self.settings.decimals)

    def touch(self, order: Order) -> None:
        """Say that an order changed now."""
        order.modified = self.now()
        self.orders.put(order.id, order)
