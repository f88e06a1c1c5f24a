"""Sandbox shops as merchants' stores: read by the real sources, put where landing would, their own books beside."""

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from random import Random
from typing import Any

from dbt_histories import LOADED_AT, Merchant, insert_merchant
from dbt_shops import SHOPS, Trade
from mirror import Clock, Mirror, sync
from platform_harnesses import RunningShop
from platforms import PLATFORMS

from models.engine import create_engine
from models.raw import RAW_TABLES

Key = tuple[str, str]
HUDSON = Merchant(
    "hudson", "America/New_York", "USD", date(2030, 1, 1), counts_zero_amount_days=True, decimal_places=2,
    rates={"EUR": [(date(2020, 1, 1), Decimal("1.25"))], "CAD": [(date(2020, 1, 1), Decimal("0.71"))]},
)  # fmt: skip
HOOGHLY = replace(HUDSON, merchant_id="hooghly", time_zone="Asia/Kolkata")
# Tax in the prices and no cents; tax on top of them.
SUMIDA = Merchant("sumida", "Asia/Tokyo", "JPY", date(2030, 1, 1), counts_zero_amount_days=True, decimal_places=0)
SEINE = replace(SUMIDA, merchant_id="seine", time_zone="Europe/Paris", currency_code="EUR", decimal_places=2)
OHIO = replace(SEINE, merchant_id="ohio", time_zone="America/New_York", currency_code="USD")


@dataclass(frozen=True)
class Books:
    """What one shop says of itself.

    Attributes:
        net_revenue: What it earned, in its own currency.
        net_revenue_by_day: The same by its own days.
        truth: Its tables.
    """

    net_revenue: Decimal
    net_revenue_by_day: dict[date, Decimal]
    truth: dict[str, list[dict[str, Any]]]

    def customer_ids(self, store_id: str) -> dict[str, str | None]:
        """Who placed each order, as our ids; worked out here once more."""
        return {str(order["id"]): _customer_id(store_id, order) for order in self.truth["orders"]}

    def consents(self, store_id: str) -> dict[str, bool]:
        """Who agreed to marketing emails, of those whom the shop keeps a record of."""
        agreed = {
            row["email"].lower(): "marketing_newsletter" in row["consents"] for row in self.truth.get("subscribers", ())
        }
        found = {_guest(store_id, email): is_agreed for email, is_agreed in agreed.items()}
        for customer in self.truth["customers"]:
            if customer.get("role") == "administrator":
                continue
            email = (customer["email"] or "").lower()
            found.pop(_guest(store_id, email), None)
            is_subscribed = customer.get("email_marketing_state") == "SUBSCRIBED"
            found[f"{store_id}:{customer['id']}"] = is_subscribed or agreed.get(email, False)
        return found


def _guest(store_id: str, email: str) -> str:
    return f"{store_id}:guest:{hashlib.md5(email.strip().lower().encode()).hexdigest()}"


def _customer_id(store_id: str, order: dict[str, Any]) -> str | None:
    if order["customer_id"]:
        return f"{store_id}:{order['customer_id']}"
    return _guest(store_id, order["email"]) if order["email"] else None


def living(merchant: Merchant, platform: int) -> AbstractContextManager[RunningShop]:
    """A shop of the platform suite, which goes on living."""
    random = Random(f"{merchant.merchant_id} {platform}")
    return PLATFORMS[platform].open(Clock(), merchant.time_zone, random)


def charging(merchant: Merchant, platform: int) -> AbstractContextManager[RunningShop]:
    """A shop that charges in every way."""
    random = Random(f"{merchant.merchant_id} {platform}")
    trade = Trade(merchant.time_zone, merchant.currency_code, merchant is not OHIO, random)
    return SHOPS[PLATFORMS[platform].name](Clock(), trade)


MERCHANTS: dict[Merchant, Callable[[Merchant, int], AbstractContextManager[RunningShop]]] = {
    HUDSON: living, HOOGHLY: living, SUMIDA: charging, SEINE: charging, OHIO: charging,
}  # fmt: skip


def read(shop: Any, *, steps: int) -> Mirror:
    """Let a shop live, then read it as the first run of a day does."""
    for step in range(steps):
        shop.step()
        shop.clock.advance((0, 1, 700, 9000)[step % 4])
    shop.clock.advance(25 * 3600)
    mirror = Mirror(shop.source().streams)
    sync(shop.source(), mirror, shop.clock())
    assert mirror.rejected == []
    return mirror


def insert(url: str, merchant: Merchant, stores: dict[str, Mirror]) -> None:
    """Declare a merchant, and put what was read of its stores where landing would."""
    engine = create_engine(url, application_name="perennial tests")
    try:
        with engine.begin() as connection:
            insert_merchant(connection, merchant)
            for store_id, mirror in stores.items():
                landed = {"merchant_id": merchant.merchant_id, "store_id": store_id, "loaded_at": LOADED_AT}
                landed |= {"content_hash": "-", "batch_id": "-"}
                for stream in mirror.streams:
                    rows = [{**landed, **row} for row in mirror.tables[stream.name].values()]
                    if rows:
                        connection.execute(RAW_TABLES[store_id, stream.name].insert(), rows)
    finally:
        engine.dispose()


def fill_with_shops(url: str) -> dict[Key, Books]:
    """Land every merchant's shops; each shop's own books, by merchant and by store, which is called as its platform."""
    found: dict[Key, Books] = {}
    for merchant, opened in MERCHANTS.items():
        stores: dict[str, Mirror] = {}
        for number, harness in enumerate(PLATFORMS):
            with opened(merchant, number) as running:
                shop: Any = running
                stores[harness.name] = read(shop, steps=80 if opened is living else 0)
                days = {day: amount for day, amount in shop.shop.net_revenue_by_day().items() if amount}
                found[merchant.merchant_id, harness.name] = Books(shop.net_revenue(), days, shop.truth())
        insert(url, merchant, stores)
    return found
