"""The source against the sandbox shop: bulk jobs, tokens and permissions, with the shop's books as the truth."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from shopify_scripted import KEY, Clock, Json, Pages, Secrets

from connectors.sandbox.catalogue import generated_catalogue
from connectors.sandbox.faults import Fault
from connectors.sandbox.shopify import Access, Activity, Delivery, Item, RunningShop, Shop, running_shopify
from connectors.source import ReadReport, ReadRequest, SourceRuntime
from connectors.sources.shopify import ShopifySettings, ShopifySource
from models.errors import MisconfiguredError, RetryLaterError, StopError
from models.records import Deletions, Page

EVERY_SCOPE = frozenset({"read_all_orders", "read_customers", "read_discounts", "read_orders", "read_products"})
PROTECTED = frozenset({"orders", "customers", "name", "email", "phone", "address"})


@dataclass
class Reader:
    """A shop with a past, and what a source reads of it."""

    clock: Clock
    shop: Shop
    running: RunningShop
    token: str
    secrets: Secrets = field(default_factory=Secrets)
    report: ReadReport = field(default_factory=ReadReport)
    cursor: Json | None = None

    def source(self, **settings: Any) -> ShopifySource:
        declared = {"type": "shopify", "url": self.running.url, "access_token": self.token}
        runtime = SourceRuntime(self.clock, self.clock.advance, random.Random(3), self.secrets)
        return ShopifySource(
            ShopifySettings.model_validate({**declared, **settings}),
            runtime=runtime,
            time_zone="America/New_York",
            key=KEY,
        )

    def sync(self, **settings: Any) -> Pages:
        """All readings of a run."""
        self.clock.advance(60)
        pages: list[Page | Deletions] = []
        source, at = self.source(**settings), self.clock()
        self.report = ReadReport()
        while True:
            reading = source.read(ReadRequest("shop", "web", self.cursor, at, reading_rows=30))
            pages += reading.pages
            self.cursor = reading.cursor
            self.report.notices += [n for n in reading.report.notices if n.code not in self.codes()]
            if not reading.report.has_more:
                return Pages(pages)

    def codes(self) -> list[str]:
        return [notice.code for notice in self.report.notices]

    def order_ids(self) -> list[str]:
        return sorted(str(row["id"]) for row in self.shop.truth()["orders"])


@pytest.fixture
def reader() -> Iterator[Reader]:
    clock = Clock()
    shop = Shop(clock=clock)
    shop.stock(generated_catalogue(products=6), at=clock() - timedelta(days=300))
    draw = random.Random(11)
    activity = Activity(shop, draw)
    for number in range(5):
        shop.add_customer(email=f"person{number}@example.com")
    for number in range(60):
        shop.place_order(
            lines=[Item(draw.choice(list(shop.variants)))],
            customer=draw.choice(list(shop.customers)).id,
            ordered_at=clock() - timedelta(days=120 - number),
            delivery=Delivery(Decimal("4.90")),
        )
    for _ in range(40):
        activity.step()
        clock.advance(30)
    access = Access(clock)
    with running_shopify(shop, access=access) as running:
        yield Reader(clock, shop, running, access.issue_static_token())


@pytest.mark.parametrize("fault", ["bulk_failed", "bulk_timeout", "bulk_expired"])
def test_r12_a_job_that_ends_badly_is_run_again(reader: Reader, fault: str) -> None:
    reader.running.faults.add(Fault(name=fault), contains="BulkOrders")
    assert sorted(reader.sync().keys("orders")) == reader.order_ids()
    assert reader.codes() == []


def test_r12_where_every_job_ends_badly_the_list_is_walked(reader: Reader) -> None:
    reader.running.faults.add(Fault(name="bulk_failed"), contains="BulkOrders", times=float("inf"))
    assert sorted(reader.sync().keys("orders")) == reader.order_ids()
    assert reader.codes() == ["bulk_failed_orders"]


def test_r12_a_cancelled_job_is_the_next_runs(reader: Reader) -> None:
    reader.running.faults.add(Fault(name="bulk_canceled"), contains="BulkOrders", times=2)
    with pytest.raises(RetryLaterError, match="cancelled"):
        reader.sync()
    assert sorted(reader.sync().keys("orders")) == reader.order_ids()


def test_r12_a_job_that_does_not_end_is_taken_up_by_the_next_run(reader: Reader) -> None:
    reader.running.faults.add(Fault(name="bulk_stuck"), contains="BulkOrders")
    with pytest.raises(RetryLaterError, match="bulk_wait_minutes"):
        reader.sync()
    for operation in reader.running.api.bulk.operations.values():
        operation.fault = ""
    count = len(reader.running.api.bulk.operations)
    assert sorted(reader.sync().keys("orders")) == reader.order_ids()
    assert len(reader.running.api.bulk.operations) == count


def test_r12_an_expired_address_is_asked_for_again(reader: Reader) -> None:
    reader.running.faults.add(Fault(name="expired_url"), path="/bulk-operation-outputs/")
    assert sorted(reader.sync().keys("customers")) == sorted(str(row["id"]) for row in reader.shop.truth()["customers"])


def test_r12_a_file_that_breaks_off_is_taken_up_in_the_middle(reader: Reader) -> None:
    reader.running.faults.add(Fault(cuts_after=500), path="/bulk-operation-outputs/", times=3)
    assert sorted(reader.sync().keys("orders")) == reader.order_ids()
    ranges = [request.headers.get("range") for request in reader.running.server.requests("/bulk-operation-outputs/")]
    assert any(ranges)


def test_r12_a_file_whose_connection_is_reset_is_read_to_its_end(reader: Reader) -> None:
    # A reset may drop what had arrived and was not yet read: where the next attempt starts is the kernel's to say.
    reader.running.faults.add(Fault(cuts_after=500, resets=True), path="/bulk-operation-outputs/", times=3)
    assert sorted(reader.sync().keys("orders")) == reader.order_ids()


@pytest.mark.parametrize("fault", ["throttled", "internal_error"])
def test_r11_errors_inside_200_cost_time_and_nothing_else(reader: Reader, fault: str) -> None:
    reader.running.faults.draw(random.Random(4), 0.2, Fault(name=fault))
    assert sorted(reader.sync().keys("orders")) == reader.order_ids()


def test_a_token_that_expires_is_renewed_while_it_reads(reader: Reader) -> None:
    access = reader.running.access
    access_token, refresh = access.issue_expiring_tokens()
    declared = {"access_token": None, "client_id": access.client_id, "client_secret": access.client_secret}
    reader.running.faults.before_each = lambda _: reader.clock.advance(900)
    pages = reader.sync(**declared, refresh_token=refresh)
    reader.running.faults.before_each = None
    assert set(pages.keys("orders")) == set(reader.order_ids())
    assert len(reader.running.server.requests("/admin/oauth/access_token")) > 2
    assert access_token not in str(reader.secrets.kept)


def test_an_uninstalled_app_names_the_setting(reader: Reader) -> None:
    reader.sync()
    reader.running.access.revoke()
    with pytest.raises(MisconfiguredError, match=r"source\.access_token"):
        reader.sync()


def test_r10_without_read_all_orders_old_orders_come_once_the_scope_is_there(reader: Reader) -> None:
    """Failure mode 4, and what becomes of it."""
    reader.running.access.scopes = EVERY_SCOPE - {"read_all_orders"}
    few = reader.sync().keys("orders")
    assert reader.codes() == ["missing_read_all_orders"]
    assert 0 < len(few) < len(reader.order_ids())
    reader.running.access.scopes = EVERY_SCOPE
    assert sorted(reader.sync().keys("orders")) == reader.order_ids()
    assert reader.codes() == []


@pytest.mark.parametrize("scope", ["read_customers", "read_products", "read_discounts"])
def test_r10_orders_come_whole_without_the_other_scopes(reader: Reader, scope: str) -> None:
    reader.running.access.scopes = EVERY_SCOPE - {scope}
    pages = reader.sync()
    assert sorted(pages.keys("orders")) == reader.order_ids()
    assert len(pages.rows("order_lines")) == len(reader.shop.truth()["order_lines"])
    assert any(code.startswith("missing_") for code in reader.codes())


@pytest.mark.parametrize("hidden", [{"email"}, {"name", "email", "phone", "address"}, {"customers"}])
def test_r10_protected_data_that_is_hidden_is_named(reader: Reader, hidden: set[str]) -> None:
    reader.running.access.protected_data = PROTECTED - hidden
    pages = reader.sync()
    assert sorted(pages.keys("orders")) == reader.order_ids()
    assert "protected_customer_data" in reader.codes()
    reader.running.access.protected_data = PROTECTED
    pages = reader.sync()
    assert sorted(pages.keys("orders")) == reader.order_ids()
    assert any(row["email"] for row in pages.rows("customers"))


def test_r10_without_read_orders_nothing_is_read(reader: Reader) -> None:
    reader.running.access.scopes = EVERY_SCOPE - {"read_orders"}
    with pytest.raises(MisconfiguredError, match="read_orders"):
        reader.sync()


def test_an_order_of_many_lines_and_refund_lines_comes_whole(reader: Reader) -> None:
    """R4, failure mode 3."""
    reader.sync()
    variant = next(iter(reader.shop.variants))
    order = reader.shop.place_order(lines=[Item(variant, 1) for _ in range(300)])
    reader.shop.refund_order(order.id)
    pages = reader.sync()
    lines = [row for row in pages.rows("order_lines") if row["order_id"] == str(order.id)]
    refunded = [row for row in pages.rows("refund_lines") if row["order_id"] == str(order.id)]
    assert (len(lines), len(refunded)) == (300, 300)


def test_a_truncated_file_is_never_taken_for_a_whole_one(reader: Reader) -> None:
    """R1, failure mode 1: the state stays where it was."""

    def lie(_: object) -> None:
        for operation in reader.running.api.bulk.operations.values():
            operation.object_count += operation.status == "COMPLETED"

    reader.running.faults.before_each = lie
    with pytest.raises(StopError, match="not whole"):
        reader.sync()
    assert reader.cursor is None
