"""What users of other WooCommerce connectors complain of, as far as no shop announces it."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec
from mirror import Clock, Mirror, sync
from woocommerce_fakes import open_shop, source

from connectors.sandbox.serving import SandboxServer
from connectors.sources.woocommerce.decoding import Decoder


def synced(server: SandboxServer, clock: Clock, mirror: Mirror, **settings: Any) -> None:
    clock.advance(2)
    sync(source(server.url, clock, **settings), mirror, clock())


def test_r2_an_edit_that_shows_late_is_found_within_the_overlap() -> None:
    """Failure mode 13: a replica or a cache answers with what it had a while ago; no number of records tells."""
    clock = Clock()
    with open_shop(clock) as (shop, server):
        mirror = Mirror(source(server.url, clock).streams)
        first = next(iter(shop.orders)).id
        clock.advance(3600)
        shop.place_order([], email="newest@example.com")
        newest = clock()
        synced(server, clock, mirror)
        now, clock.now = clock(), newest - timedelta(seconds=50)
        shop.set_status(first, "completed")
        clock.now = now
        synced(server, clock, mirror)
        assert mirror.tables["orders"][(str(first),)]["status"] == "completed"


def test_r6_a_coupon_in_the_trash_is_there_though_its_list_and_its_id_filter_lack_it() -> None:
    """Failure mode 14: what a list lacks is asked for by its own address before it counts as gone."""
    clock = Clock()
    with open_shop(clock) as (shop, server):
        coupon = shop.create_coupon("spring", Decimal(5))
        mirror = Mirror(source(server.url, clock).streams)
        synced(server, clock, mirror)
        assert mirror.tables["discounts"][(str(coupon),)]["status"] == "publish"
        shop.trash_coupon(coupon)
        synced(server, clock, mirror)
        assert mirror.tables["discounts"][(str(coupon),)]["status"] == "trash"
        shop.delete_coupon(coupon)
        clock.advance(25 * 3600)
        synced(server, clock, mirror)
        assert (str(coupon),) not in mirror.tables["discounts"]


def test_a_variation_that_an_import_changes_unmarked_is_found_within_a_day() -> None:
    """Failure mode 9: a change of a variation marks neither itself nor its product as modified."""
    clock = Clock()
    with open_shop(clock) as (shop, server):
        variation = next(product for product in shop.products if product.parent_id)
        other = next(p for p in shop.products if variation.parent_id not in {p.id, p.parent_id})
        shop.update_product(other.id, name="Newer, so that the window has passed the others")
        mirror = Mirror(source(server.url, clock).streams)
        synced(server, clock, mirror)
        variation.sku = "imported-1"
        shop.products.put(variation.id, variation)
        clock.advance(25 * 3600)
        synced(server, clock, mirror)
        skus = {row["variation_id"]: row["sku"] for row in mirror.tables["product_variants"].values()}
        assert skus[str(variation.id)] == "imported-1"


class Line(msgspec.Struct):
    """A line of an order, as far as the test needs it."""

    total: str
    quantity: Decimal
    taxes: list[int]


def test_r8_a_binary_fraction_keeps_its_digits_also_where_php_wrote_other_types() -> None:
    """Failure mode 18: a list that PHP made an object of sends the record the long way, and its amounts with it."""
    text = b'{"total": 17.993333333333332, "quantity": 1.10, "taxes": {"1": 4}}'
    assert Decoder(Line).decode(text) == Line("17.993333333333332", Decimal("1.10"), [4])
