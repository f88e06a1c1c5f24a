"""The other end of the extraction benchmark: a WooCommerce sandbox shop with so many orders, in a process of its own.

Usage: python benchmarks/extraction_shop.py ORDERS

Prints its address when it is open, and serves until its standard input ends.
"""

import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from connectors.sandbox.catalogue import generated_catalogue  # run as a script, from any folder
from connectors.sandbox.woocommerce import Shop, running_woocommerce

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def main() -> None:
    """Fill the shop and serve it."""
    count = int(sys.argv[1])
    shop = Shop(lambda: NOW)
    shop.add_tax_rate(Decimal("8.875"), country="US", state="NY")
    items = list(shop.load_catalogue(generated_catalogue(), created_at=NOW - timedelta(days=900)).values())
    for number in range(count):
        shop.place_order(
            [items[number % len(items)], items[number * 7 % len(items)]],
            email=f"guest.{number % 5000}@example.com",
            billing={"first_name": "Ada", "last_name": "Lin", "country": "US", "state": "NY", "postcode": "10001"},
            shipping=Decimal("4.90"),
            ordered_at=NOW - timedelta(seconds=40 * (count - number) + 60),
        )
    with running_woocommerce(shop, is_tls=True) as server:
        print(server.url, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
