"""The other end of the extraction benchmark: a sandbox shop with so many orders, in a process of its own.

Usage: python benchmarks/extraction_shop.py woocommerce|shopify ORDERS

Prints its address when it is open, and serves until its standard input ends. The Shopify shop has points without end,
and takes queries of any cost: nobody waits, and pages are as large as Shopify lets them be.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from connectors.sandbox import shopify, woocommerce  # run as a script, from any folder
from connectors.sandbox.catalogue import generated_catalogue
from connectors.sandbox.shopify import api

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TOKEN = "shpat_sandbox"


def ordered_at(number: int, count: int) -> datetime:
    """When the order of that number was placed."""
    return NOW - timedelta(seconds=40 * (count - number) + 60)


@contextmanager
def running_woocommerce(count: int) -> Iterator[str]:
    """A WooCommerce shop."""
    shop = woocommerce.Shop(lambda: NOW)
    shop.add_tax_rate(Decimal("8.875"), country="US", state="NY")
    items = list(shop.load_catalogue(generated_catalogue(), created_at=NOW - timedelta(days=900)).values())
    for number in range(count):
        shop.place_order(
            [items[number % len(items)], items[number * 7 % len(items)]],
            email=f"guest.{number % 5000}@example.com",
            billing={"first_name": "Ada", "last_name": "Lin", "country": "US", "state": "NY", "postcode": "10001"},
            shipping=Decimal("4.90"),
            ordered_at=ordered_at(number, count),
        )
    with woocommerce.running_woocommerce(shop, is_tls=True) as server:
        yield server.url


@contextmanager
def running_shopify(count: int) -> Iterator[str]:
    """A Shopify shop."""
    shop = shopify.Shop(clock=lambda: NOW, plan="enterprise")
    for number in range(count):
        shop.place_order(
            lines=[
                shopify.Item(title=f"Product {number % 200}", price=Decimal(number % 90 + 10)),
                shopify.Item(title=f"Product {number * 7 % 200}", price=Decimal("19.50"), quantity=2),
            ],
            email=f"guest.{number % 5000}@example.com",
            delivery=shopify.Delivery(Decimal("4.90")),
            taxes=[("NY State Tax", Decimal("0.08875"))],
            ordered_at=ordered_at(number, count),
        )
    access = shopify.Access(lambda: NOW)
    access.issue_static_token(TOKEN)
    with shopify.running_shopify(shop, access=access) as running:
        api.MAXIMUM_COST = running.api.bucket.maximum = 10**9
        running.api.bucket.spend(-(10**9))
        yield running.url


PLATFORMS = {"woocommerce": running_woocommerce, "shopify": running_shopify}


def main() -> None:
    """Fill the shop and serve it."""
    platform, count = sys.argv[1:3]
    with PLATFORMS[platform](int(count)) as url:
        print(url, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
