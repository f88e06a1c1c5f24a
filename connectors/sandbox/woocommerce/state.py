"""What a WooCommerce shop holds: its settings, its tables, its clock and the numbers it gives out."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from itertools import count
from zoneinfo import ZoneInfo

from connectors.sandbox.rows import Table
from connectors.sandbox.shop_time import ShopTime
from connectors.sandbox.woocommerce.records import Coupon, Customer, Order, Product, Refund, TaxRate, Term
from connectors.sandbox.woocommerce.totals import Rounding

CORE_STATUSES = (
    "pending",
    "processing",
    "on-hold",
    "completed",
    "cancelled",
    "refunded",
    "failed",
    "checkout-draft",
)
UNCATEGORIZED_ID = 15
ADMINISTRATOR_ID = 1


@dataclass
class ApiKey:
    """A REST API key.

    Attributes:
        consumer_key: Its name.
        consumer_secret: Its secret.
        permissions: `read`, `write` or `read_write`.
        is_manager: Whether its user may see the shop's data.
        nonces: The nonces used, by timestamp; one per second is remembered, as WooCommerce does.
    """

    consumer_key: str
    consumer_secret: str
    permissions: str = "read"
    is_manager: bool = True
    nonces: dict[int, str] = field(default_factory=dict)


@dataclass
class ShopSettings:
    """What a merchant sets up once.

    Attributes:
        name: The site's title.
        currency: The shop's currency; an order may have another.
        time_zone: An IANA name, or an offset such as "+05:30", which WordPress keeps without a name.
        country: Where the shop is, with its state after a colon.
        price_decimals: The places that prices have.
        prices_include_tax: Whether prices are entered with tax.
        rounds_tax_at_subtotal: Whether tax is rounded once per order instead of once per line.
        statuses: The order statuses that are registered now; orders keep others, and lists then leave them out.
        has_stable_ties: Whether rows of one second come in the order of their ids, on every page.
        keeps_orders_as_posts: Whether orders are in WordPress's table of posts, as before WooCommerce had its own.
        has_pretty_permalinks: Whether the API is to be had under /wp-json, and not only by `?rest_route=`.
        version: WooCommerce's version.
    """

    name: str = "Example shop"
    currency: str = "USD"
    time_zone: str = "America/New_York"
    country: str = "US:NY"
    price_decimals: int = 2
    prices_include_tax: bool = False
    rounds_tax_at_subtotal: bool = False
    statuses: list[str] = field(default_factory=lambda: list(CORE_STATUSES))
    has_stable_ties: bool = False
    keeps_orders_as_posts: bool = False
    has_pretty_permalinks: bool = True
    version: str = "11.0.1"


class ShopState(ShopTime):
    """Tables, clock and sequences; every change goes through `changed_*`.

    Args:
        clock: The shop's own time, aware.
        settings: What the merchant set up.
        first_post_id: The id of the first product, coupon, order or refund, which share one sequence.
    """

    def __init__(
        self, clock: Callable[[], datetime], settings: ShopSettings | None = None, *, first_post_id: int = 10
    ) -> None:
        self.clock = clock
        self.settings = settings or ShopSettings()
        self.lock = threading.RLock()
        self.zone: tzinfo = _zone(self.settings.time_zone)
        self.keys: list[ApiKey] = [ApiKey("ck_sandbox", "cs_sandbox")]
        self.orders: Table[Order] = Table()
        self.refunds: Table[Refund] = Table()
        self.customers: Table[Customer] = Table()
        self.products: Table[Product] = Table()
        self.coupons: Table[Coupon] = Table()
        self.categories: Table[Term] = Table()
        self.tags: Table[Term] = Table()
        self.rates: Table[TaxRate] = Table()
        self._posts = count(first_post_id)
        self._users = count(ADMINISTRATOR_ID)
        self._terms = count(UNCATEGORIZED_ID)
        self._items = count(1)
        self._metas = count(1)
        self._rate_ids = count(1)
        self.categories.put(next(self._terms), Term(UNCATEGORIZED_ID, "Uncategorized", "uncategorized"))
        administrator_id = next(self._users)
        self.customers.put(
            administrator_id,
            Customer(
                id=administrator_id,
                email="admin@example.com",
                first_name="",
                last_name="",
                username="admin",
                role="administrator",
                created=self.now(),
                modified=None,
                billing={},
                shipping={},
            ),
        )

    @property
    def rounding(self) -> Rounding:
        """The shop's rounding rules."""
        return Rounding(
            self.settings.price_decimals,
            prices_include_tax=self.settings.prices_include_tax,
            rounds_tax_at_subtotal=self.settings.rounds_tax_at_subtotal,
        )

    def add_tax_rate(
        self,
        rate: Decimal,
        *,
        country: str = "",
        state: str = "",
        name: str = "Tax",
        priority: int = 1,
        is_compound: bool = False,
        is_for_shipping: bool = True,
    ) -> int:
        """A tax rate in percent for a place; returns its id."""
        with self.lock:
            row = TaxRate(
                next(self._rate_ids), country, state, rate, name, priority, is_compound, is_for_shipping=is_for_shipping
            )
            self.rates.put(row.id, row)
            return row.id


def _zone(name: str) -> tzinfo:
    if name[:1] in "+-":
        hours, _, minutes = name[1:].partition(":")
        offset = timedelta(hours=int(hours), minutes=int(minutes or 0))
        return timezone(-offset if name.startswith("-") else offset)
    return UTC if name == "UTC" else ZoneInfo(name)
