"""What WooCommerce does not announce is found at the next sync all the same."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from mirror import Clock, CrashedError, Mirror, sync
from woocommerce_fakes import asked, open_shop, source

from connectors.sandbox.faults import Fault, Request
from connectors.sandbox.serving import SandboxServer
from connectors.sandbox.woocommerce import Shop
from models.errors import RetryLaterError

NO_ROUTE = b'{"code":"rest_no_route","message":"No route was found.","data":{"status":404}}'


class Synced:
    """A shop and what a warehouse has of it."""

    def __init__(self, clock: Clock, shop: Shop, server: SandboxServer, **settings: Any) -> None:
        self.clock, self.shop, self.server = clock, shop, server
        self.settings = settings
        self.mirror = Mirror(self.source().streams)
        self.sync()

    def source(self) -> Any:
        return source(self.server.url, self.clock, **self.settings)

    def sync(self, **options: Any) -> None:
        self.clock.advance(2)
        self.server.log.clear()
        self.mirror.read_counts.clear()
        sync(self.source(), self.mirror, self.clock(), **options)

    def order(self, order_id: int) -> dict[str, Any] | None:
        return self.mirror.tables["orders"].get((str(order_id),))

    def refunds(self, order_id: int) -> list[Decimal]:
        rows = self.mirror.tables["refunds"].values()
        return sorted(row["amount"] for row in rows if row["order_id"] == str(order_id))

    def ids(self) -> list[int]:
        return sorted(int(key[0]) for key in self.mirror.tables["orders"])


def test_a_deleted_refund_is_found_though_its_order_looks_the_same() -> None:
    clock = Clock()
    with open_shop(clock) as (shop, server):
        first, second = [order.id for order in shop.orders][:2]
        refund_id = shop.refund(first, amount=Decimal("3.00"))
        shop.refund(second, amount=Decimal("2.00"))
        clock.advance(3600)
        shop.place_order([], email="later@example.com")  # so that no overlap reaches back to them
        synced = Synced(clock, shop, server)
        assert (synced.refunds(first), synced.refunds(second)) == ([Decimal(3)], [Decimal(2)])
        clock.advance(3600)
        before = shop.orders[first].modified
        shop.delete_refund(refund_id)
        assert shop.orders[first].modified == before
        synced.sync()
        assert (synced.refunds(first), synced.refunds(second)) == ([], [Decimal(2)])


def test_a_refund_that_a_plugin_makes_unseen_is_found() -> None:
    clock = Clock()
    with open_shop(clock) as (shop, server):
        synced = Synced(clock, shop, server)
        first = next(iter(shop.orders)).id
        clock.advance(3600)
        shop.refund(first, amount=Decimal("3.00"), bumps=False)
        synced.sync()
        assert synced.refunds(first) == [Decimal(3)]


def test_a_shop_without_a_list_of_refunds_is_asked_order_by_order() -> None:
    """WooCommerce before 9.0; the owner is told what that costs."""
    clock = Clock()
    with open_shop(clock) as (shop, server):
        first, second, third = [order.id for order in shop.orders][:3]
        refund_id = shop.refund(first, amount=Decimal("3.00"))
        is_list = Fault(status=404, body=NO_ROUTE, content_type="application/json")
        server.faults.add(is_list, when=lambda r: r.path.endswith("/wc/v3/refunds"), times=float("inf"))
        synced = Synced(clock, shop, server)
        assert synced.refunds(first) == [Decimal(3)]
        assert {"no_list_of_refunds"} <= {notice.code for notice in synced.mirror.reports[0].notices}
        clock.advance(3600)
        shop.delete_refund(refund_id)
        shop.refund(second, amount=Decimal("2.00"), bumps=False)
        synced.sync(reading_rows=1)
        assert [synced.refunds(order_id) for order_id in (first, second, third)] == [[], [Decimal(2)], []]


def test_trash_and_what_leaves_it_keep_their_status() -> None:
    clock = Clock()
    with open_shop(clock) as (shop, server):
        synced = Synced(clock, shop, server)
        first = next(iter(shop.orders)).id
        for act, status in ((shop.trash_order, "trash"), (shop.untrash_order, "processing")):
            clock.advance(3600)
            act(first)
            synced.sync()
            found = synced.order(first)
            assert found is not None
            assert found["status"] == status
            assert [row["order_id"] for row in synced.mirror.tables["order_lines"].values()].count(str(first)) == 1


def test_an_order_that_is_deleted_for_good_is_found_at_once_by_counting() -> None:
    clock = Clock()
    with open_shop(clock) as (shop, server):
        synced = Synced(clock, shop, server)
        gone = [order.id for order in shop.orders][3:5]
        for order_id in gone:
            shop.delete_order(order_id)
        placed = shop.place_order([], email="new@example.com")
        synced.sync()
        assert synced.ids() == sorted(order.id for order in shop.orders)
        assert synced.order(placed) is not None
        assert [f"/orders/{i}" in str(synced.server.requests()) for i in gone] == [True, True]


def test_nothing_is_compared_again_while_the_numbers_match() -> None:
    clock = Clock()
    with open_shop(clock) as (shop, server):
        synced = Synced(clock, shop, server)
        shop.place_order([], email="new@example.com")
        synced.sync()
        listings = [
            query for query in asked(server, "/wc/v3/orders") if "date_modified_gmt" in query.get("_fields", "")
        ]
        assert listings == []
        clock.advance(25 * 3600)
        synced.sync()
        listings = [
            query for query in asked(server, "/wc/v3/orders") if "date_modified_gmt" in query.get("_fields", "")
        ]
        assert listings


def test_a_web_servers_404_deletes_nothing() -> None:
    clock = Clock()
    with open_shop(clock) as (shop, server):
        synced = Synced(clock, shop, server)
        gone = next(iter(shop.orders)).id
        shop.delete_order(gone)
        page = Fault(status=404, body=b"<html><title>Not Found</title></html>")
        server.faults.add(page, path=f"/wc/v3/orders/{gone}", times=float("inf"))
        with pytest.raises(RetryLaterError, match="not WooCommerce's"):
            synced.sync()
        assert synced.order(gone) is not None


def test_drafts_of_checkouts_and_the_shops_own_statuses_are_listed_by_name() -> None:
    """A list of any status hides them; the shop's report on orders names them all."""
    clock = Clock()
    statuses = ["pending", "processing", "completed", "checkout-draft", "packed"]
    with open_shop(clock, statuses=statuses) as (shop, server):
        draft = shop.place_order([], email="draft@example.com", status="checkout-draft")
        packed = shop.place_order([], email="packed@example.com", status="packed")
        synced = Synced(clock, shop, server)
        assert synced.ids() == sorted(order.id for order in shop.orders)
        assert [(synced.order(i) or {}).get("status") for i in (draft, packed)] == ["checkout-draft", "packed"]
        walked = {query["status"] for query in asked(server, "/wc/v3/orders") if "status" in query}
        assert walked == {",".join([*statuses, "trash"])}
        clock.advance(3600)
        shop.trash_order(packed)
        shop.delete_order(draft)
        synced.sync()
        assert (synced.order(packed) or {})["status"] == "trash"
        assert synced.order(draft) is None


def test_who_deletes_an_account_leaves_guests_orders() -> None:
    clock = Clock()
    with open_shop(clock) as (shop, server):
        account = shop.create_customer("a@example.com", first_name="A")
        bought = shop.place_order([], customer=account)
        synced = Synced(clock, shop, server)
        assert (synced.order(bought) or {})["customer_id"] == str(account)
        assert (str(account),) in synced.mirror.tables["customers"]
        clock.advance(60)
        shop.delete_customer(account)
        synced.sync()
        found = synced.order(bought) or {}
        assert (found["customer_id"], found["billing_email"]) == ("0", "a@example.com")
        assert (str(account),) not in synced.mirror.tables["customers"]


def test_an_edit_that_marks_nothing_is_found_once_a_day() -> None:
    """Where orders are posts, so it is with what plugins edit, and with the orders of an account that is deleted."""
    clock = Clock()
    with open_shop(clock, keeps_orders_as_posts=True) as (shop, server):
        account = shop.create_customer("a@example.com")
        bought = shop.place_order([], customer=account, fees=[("Wrapping", Decimal("1.00"))])
        edited = next(iter(shop.orders)).id
        synced = Synced(clock, shop, server)
        before = shop.orders[edited].modified
        clock.advance(3600)
        shop.place_order([], email="later@example.com")  # so that no overlap reaches back to them
        synced.sync()
        shop.edit_order(edited, fees=[("Adjustment", Decimal("-0.50"))], bumps=False)
        shop.delete_customer(account)
        shop.orders[next(reversed(shop.orders.ids()))].billing["email"] = "erased@example.com"
        assert shop.orders[edited].modified == before
        clock.advance(25 * 3600)
        synced.sync()
        assert (synced.order(edited) or {})["total"] == shop.orders[edited].total
        assert [row["total"] for row in synced.mirror.tables["order_fees"].values()] == [Decimal(1), Decimal("-0.50")]
        assert (synced.order(bought) or {})["customer_id"] == "0"
        assert synced.mirror.read_counts["orders"] == 3
        clock.advance(25 * 3600)
        synced.sync()
        assert synced.mirror.read_counts.get("orders", 0) <= 1  # nothing differs any more


def test_only_changed_accounts_are_given_again() -> None:
    clock = Clock()
    with open_shop(clock) as (shop, server):
        ids = [shop.create_customer(f"c{number}@example.com") for number in range(5)]
        synced = Synced(clock, shop, server)
        clock.advance(60)
        shop.update_customer(ids[2], first_name="Changed")
        synced.sync()
        assert synced.mirror.read_counts["customers"] == 1


def test_an_edit_in_the_second_of_the_last_read_is_not_lost() -> None:
    """`modified_after` is strict and its grain is a second."""
    clock = Clock()
    with open_shop(clock) as (shop, server):
        synced = Synced(clock, shop, server, overlap_minutes=0)
        first = next(iter(shop.orders)).id
        shop.place_order([], email="one@example.com")
        second = clock()
        synced.sync()
        later, clock.now = clock.now, second
        shop.set_status(first, "completed")
        clock.now = later
        synced.sync()
        assert (synced.order(first) or {})["status"] == "completed"


def test_a_chain_that_was_killed_is_ended_by_a_later_run_with_what_came_since() -> None:
    clock = Clock()
    with open_shop(clock, orders=250) as (shop, server):
        mirror = Mirror(source(server.url, clock).streams)
        with pytest.raises(CrashedError):
            sync(source(server.url, clock), mirror, clock(), reading_rows=50, crash_after_pages=6)
        assert 0 < len(mirror.tables["orders"]) < 250
        clock.advance(26 * 3600)
        first = next(iter(shop.orders)).id
        shop.set_status(first, "completed")
        placed = shop.place_order([], email="since@example.com")
        clock.advance(5)
        sync(source(server.url, clock), mirror, clock(), reading_rows=50)
        assert len(mirror.tables["orders"]) == 251
        assert mirror.tables["orders"][(str(first),)]["status"] == "completed"
        assert (str(placed),) in mirror.tables["orders"]


def test_an_order_dated_in_the_future_is_read_all_the_same() -> None:
    clock = Clock()
    with open_shop(clock) as (shop, server):
        ahead = next(iter(shop.orders))
        ahead.modified = int((clock() + timedelta(days=300)).timestamp())
        synced = Synced(clock, shop, server)
        assert synced.order(ahead.id) is not None
        assert synced.mirror.cursor is not None
        assert datetime.fromisoformat(synced.mirror.cursor["newest"]["orders"]) <= clock()


def test_in_the_hour_that_clocks_jump_over_nothing_is_missed() -> None:
    """The overlap would begin at 02:20 UTC on the day that New York has no 02:20."""
    clock = Clock(datetime(2026, 3, 8, 2, 21, tzinfo=UTC))
    with open_shop(clock) as (shop, server):
        synced = Synced(clock, shop, server)
        clock.advance(1800)
        shop.place_order([], email="late@example.com")
        synced.sync()
        bounds = {query["modified_after"] for query in asked(server, "/wc/v3/orders") if "modified_before" in query}
        assert bounds == {"2026-03-08T01:49:00"} or all(bound < "2026-03-08T02:00:00" for bound in bounds)


def test_edits_between_pages_are_for_the_next_sync_and_none_is_lost() -> None:
    clock = Clock()
    with open_shop(clock, orders=330) as (shop, server):
        ids = [order.id for order in shop.orders]
        edits = iter(ids[::7])

        def edit(request: Request) -> None:
            order_id = next(edits, None)
            if request.path.endswith("/orders") and order_id is not None:
                clock.advance(2)
                shop.set_status(order_id, "completed")

        server.faults.before_each = edit
        synced = Synced(clock, shop, server)
        server.faults.before_each = None
        synced.sync()
        assert synced.ids() == ids
        assert {i: (synced.order(i) or {})["status"] for i in ids} == {o.id: o.status for o in shop.orders}


def test_products_in_the_trash_are_found_whether_the_shop_lists_them_or_not() -> None:
    clock = Clock()
    for lists_trash in (True, False):
        with open_shop(clock) as (shop, server):
            refused = Fault(status=400, body=b'{"code":"rest_invalid_param","message":"status"}')
            if not lists_trash:
                server.faults.add(
                    refused,
                    when=lambda r: r.path.endswith("/products") and r.params.get("status") == "trash",
                    times=float("inf"),
                )
            synced = Synced(clock, shop, server)
            gone, trashed = [product.id for product in shop.products if not product.parent_id][:2]
            clock.advance(3600)
            shop.delete_product(gone)
            shop.trash_product(trashed)
            synced.sync()
            products = synced.mirror.tables["products"]
            assert (str(gone),) not in products
            assert products[(str(trashed),)]["status"] == "trash"
            assert {row["status"] for row in products.values()} == {"publish", "trash"}
