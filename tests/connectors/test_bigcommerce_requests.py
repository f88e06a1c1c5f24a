"""R16: every request that the source makes is one that BigCommerce's own specification knows."""

from pathlib import Path
from random import Random

import pytest
from bigcommerce_harness import BigCommerceShop, opened
from bigcommerce_openapi import Operation, faults_of, operations
from mirror import Clock, Mirror, sync

from connectors.sandbox.faults import Request


@pytest.fixture(scope="module")
def known(contracts_folder: Path) -> list[Operation]:
    return operations(contracts_folder / "bigcommerce")


def lived_through(shop: BigCommerceShop) -> list[Request]:
    """The requests of a first read, a second, and one that finds deletions, refunds and long lists."""
    mirror = Mirror(shop.source().streams)
    shop.clock.advance(60)
    sync(shop.source(), mirror, shop.clock())
    many = shop.shop.place_order(shop.items * 8, email="many@example.com")
    order_id = shop.shop.place_order(shop.items[:2], email="back@example.com", coupons=["FIVEOFF"])
    line = next(iter(shop.shop.orders[order_id].lines))
    shop.shop.subscribe("new@example.com")
    shop.clock.advance(3600)
    sync(shop.source(), mirror, shop.clock())
    refund_id = shop.shop.refund(order_id, lines={line.id: 1}, bumps=False)
    shop.clock.advance(3600)
    sync(shop.source(), mirror, shop.clock())
    shop.shop.refunds.remove(refund_id)
    shop.shop.orders[order_id].refund_ids.remove(refund_id)
    shop.shop.purge_order(many)
    shop.shop.delete_customer(shop.shop.customers.ids()[0])
    shop.shop.delete_product(shop.shop.products.ids()[0])
    shop.shop.delete_category(shop.shop.categories.ids()[0])
    shop.shop.delete_coupon(shop.shop.coupons.ids()[0])
    shop.shop.subscribers.remove(shop.shop.subscribers.ids()[0])
    shop.clock.advance(25 * 3600)
    sync(shop.source(), mirror, shop.clock())
    return shop.server.requests()


def test_every_request_is_one_that_the_specification_knows(known: list[Operation]) -> None:
    with opened(Clock(), "America/New_York", Random(3)) as shop:
        requests = lived_through(shop)
    found = {fault for request in requests for fault in faults_of(request, known)}
    assert found == set()
    # A judge that nobody ever comes before would have nothing to say either.
    paths = {request.path.rpartition("/")[2] for request in requests}
    expected = {"store", "orders", "count", "coupons", "taxes", "transactions", "products", "refunds", "customers"}
    assert expected <= paths
    assert {"subscribers", "categories", "currencies", "brands", "promotions"} <= paths


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("v2/orders", "min_date_modifed=2026-01-01"),
        ("v2/orders", "page=first"),
        ("v2/orders", "include=transactions"),
        ("v3/orders/payment_actions/refunds", "created:min=2026-01-01T00:00:00"),
        ("v3/orders/7/transactions", "page=2"),
        ("v2/orders/7/everything", ""),
    ],
)
def test_a_request_that_it_does_not_know_is_told(known: list[Operation], path: str, query: str) -> None:
    assert faults_of(Request("GET", f"/stores/abc/{path}", query), known)


def test_the_token_goes_in_its_header_and_nowhere_else() -> None:
    with opened(Clock(), "America/New_York", Random(3)) as shop:
        sync(shop.source(), Mirror(shop.source().streams), shop.clock())
        requests = shop.server.requests()
    assert {request.headers["x-auth-token"] for request in requests} == {"sandbox-token"}
    assert not any("sandbox-token" in request.path + request.query for request in requests)
