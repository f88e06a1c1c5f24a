"""What a BigCommerce store's owner sees: permissions, tokens, notices, and where a sync goes on from."""

from collections.abc import Iterator
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from bigcommerce_harness import BIGCOMMERCE, BigCommerceShop, opened
from mirror import Clock, Mirror, runtime, sync
from platform_harnesses import differences

from connectors.sandbox.bigcommerce import READ_SCOPES, Shop, StoreSettings, running_bigcommerce
from connectors.sandbox.faults import Fault
from connectors.source import ReadMode, ReadRequest
from connectors.sources.bigcommerce import BigCommerceSettings, BigCommerceSource
from models.errors import MisconfiguredError, StopError
from models.records import Page

SCOPES = {
    name: f"store_v2_{name}_read_only" for name in ("orders", "transactions", "customers", "products", "marketing")
}


@pytest.fixture
def shop() -> Iterator[BigCommerceShop]:
    with opened(Clock(), "America/New_York", Random(5)) as running:
        yield running


def synced(shop: BigCommerceShop, mirror: Mirror | None = None, **settings: Any) -> Mirror:
    mirror = mirror or Mirror(shop.source().streams)
    shop.clock.advance(60)
    sync(shop.source(**settings), mirror, shop.clock())
    return mirror


def without(shop: BigCommerceShop, *missing: str) -> None:
    shop.shop.tokens["sandbox-token"] = frozenset(READ_SCOPES) - {SCOPES[name] for name in missing}


@pytest.mark.parametrize(
    ("missing", "named"),
    [
        (("orders", "transactions"), "Orders: read-only"),
        (("customers",), "Customers: read-only"),
        (("transactions",), "Order Transactions: read-only"),
    ],
)
def test_a_permission_that_nothing_can_be_read_without_is_named(
    shop: BigCommerceShop, missing: tuple[str, ...], named: str
) -> None:
    without(shop, *missing)
    with pytest.raises(MisconfiguredError, match=named) as raised:
        synced(shop)
    assert raised.value.key == "merchants[0].stores[0].source.access_token"
    assert "Store-level API accounts" in str(raised.value)


def test_a_permission_that_is_missing_is_told_before_anything_is_read(shop: BigCommerceShop) -> None:
    without(shop, "orders", "transactions")
    with pytest.raises(MisconfiguredError):
        synced(shop)
    assert len(shop.server.log) <= 4


def test_transactions_need_no_permission_where_they_are_not_wanted(shop: BigCommerceShop) -> None:
    without(shop, "transactions")
    mirror = synced(shop, transactions=False)
    assert mirror.tables["transactions"] == {}
    assert len(mirror.tables["orders"]) == len(shop.shop.orders)


@pytest.mark.parametrize(
    ("missing", "code", "streams"),
    [
        ("products", "missing_permission_products", ("products", "product_variants", "product_categories")),
        ("marketing", "missing_permission_coupons", ("discounts",)),
    ],
)
def test_without_an_optional_permission_the_rest_is_read(
    shop: BigCommerceShop, missing: str, code: str, streams: tuple[str, ...]
) -> None:
    whole = synced(shop)
    without(shop, missing)
    mirror = synced(shop)
    assert {notice.code for report in mirror.reports for notice in report.notices} == {code}
    for stream, rows in mirror.tables.items():
        assert (
            (len(rows) == 0)
            if stream in streams + ("product_category_links",) * (missing == "products")
            else (rows.keys() == whole.tables[stream].keys())
        )


def test_a_permission_that_was_taken_away_deletes_nothing(shop: BigCommerceShop) -> None:
    mirror = synced(shop)
    products = dict(mirror.tables["products"])
    without(shop, "products", "marketing")
    shop.clock.advance(25 * 3600)
    synced(shop, mirror)
    assert mirror.tables["products"] == products
    assert mirror.tables["discounts"]


def test_a_revoked_token_is_told_and_a_new_one_goes_on(shop: BigCommerceShop) -> None:
    mirror = synced(shop)
    del shop.shop.tokens["sandbox-token"]
    shop.place_orders(2)
    with pytest.raises(MisconfiguredError, match="does not accept the token"):
        synced(shop, mirror)
    shop.shop.tokens["another"] = frozenset(READ_SCOPES)
    mirror.read_counts.clear()
    synced(shop, mirror, access_token="another")
    assert differences(BIGCOMMERCE, shop, mirror) == []
    assert mirror.read_counts["orders"] < 10


def test_an_empty_store_answers_without_bodies_and_is_read() -> None:
    clock = Clock()
    shop = Shop(clock, StoreSettings(time_zone="Asia/Kolkata"))
    with running_bigcommerce(shop) as server:
        settings = BigCommerceSettings.model_validate(
            {"type": "bigcommerce", "store_hash": "sandbox1", "url": f"{server.url}/stores/sandbox1",
             "access_token": "sandbox-token"}
        )  # fmt: skip
        source = BigCommerceSource(settings, runtime=runtime(clock), time_zone="Asia/Kolkata", key="source")
        mirror = Mirror(source.streams)
        sync(source, mirror, clock())
        assert 204 in {exchange.status for exchange in server.log}
    assert {stream for stream, rows in mirror.tables.items() if rows} == {"shop", "currencies"}
    assert "since" not in (mirror.cursor or {})


def test_other_days_than_the_merchants_are_told(shop: BigCommerceShop) -> None:
    assert all(not report.notices for report in synced(shop).reports)
    shop.zone = "Asia/Kolkata"
    (notice,) = [notice for report in synced(shop).reports for notice in report.notices]
    assert notice.code == "time_zone_differs"
    assert "America/New_York" in notice.message
    shop.zone = "US/Eastern"  # the same days under another name
    assert all(not report.notices for report in synced(shop).reports)


def test_the_window_ends_at_the_platforms_own_time(shop: BigCommerceShop) -> None:
    """R2: not at the runner's, whose clock may be wrong, and less a lag."""
    mirror = synced(shop, lag_seconds=5)
    answered = shop.server.log[0].at
    limits = {
        dict(request.pairs).get("max_date_modified")
        for request in shop.server.requests("/v2/orders")
        if "include" in dict(request.pairs)
    }
    assert limits == {(answered.replace(microsecond=0) - timedelta(seconds=5)).strftime("%Y-%m-%dT%H:%M:%S+00:00")}
    assert mirror.cursor is not None
    assert "chain" not in mirror.cursor


def test_the_next_window_begins_at_the_newest_change_less_the_overlap(shop: BigCommerceShop) -> None:
    mirror = synced(shop, overlap_minutes=10)
    newest = max(row["date_modified"] for row in mirror.tables["orders"].values())
    assert mirror.cursor is not None
    assert mirror.cursor["since"]["orders"] == (newest - timedelta(minutes=10)).isoformat()


def test_a_reading_leaves_the_cursor_that_it_was_given_alone(shop: BigCommerceShop) -> None:
    mirror = synced(shop)
    before = repr(mirror.cursor)
    reading = shop.source().read(ReadRequest("shop", "web", mirror.cursor, shop.clock(), known=mirror.known))
    assert reading.mode is ReadMode.DELTA
    list(reading.pages)
    assert repr(mirror.cursor) == before


def test_equal_requests_have_equal_fingerprints(shop: BigCommerceShop) -> None:
    request = ReadRequest("shop", "web", None, shop.clock())
    one, other = (shop.source().read(request).fingerprint for _ in range(2))
    assert one == other
    assert shop.source(overlap_minutes=3).read(request).fingerprint != one


def test_pages_hold_no_more_rows_than_they_may(shop: BigCommerceShop) -> None:
    request = ReadRequest("shop", "web", None, shop.clock() + timedelta(minutes=1), page_rows=9)
    pages = [page for page in shop.source().read(request).pages if isinstance(page, Page)]
    assert max(page.records.num_rows for page in pages) == 9
    assert sum(page.records.num_rows for page in pages if page.stream == "orders") == len(shop.shop.orders)


def test_a_refusal_that_nothing_passes_is_told_in_bigcommerces_words(shop: BigCommerceShop) -> None:
    body = b'{"status":422,"title":"The filter(s): frobnicate are not valid filter parameter(s)."}'
    shop.server.faults.add(Fault(status=422, body=body), path="/catalog/products")
    with pytest.raises(StopError, match="frobnicate"):
        synced(shop)


def test_a_place_that_is_no_longer_one_begins_the_window_again(shop: BigCommerceShop) -> None:
    mirror = Mirror(shop.source().streams)
    request = ReadRequest("shop", "web", None, shop.clock(), reading_rows=17, known=mirror.known)
    reading = shop.source().read(request)
    mirror.apply(reading, list(reading.pages))
    assert mirror.cursor is not None
    assert mirror.cursor["chain"]["step"] == "customers"
    shop.server.faults.add(Fault(status=400, body=b'{"title":"bad cursor"}'), path="/v3/customers")
    shop.clock.advance(60)
    sync(shop.source(), mirror, request.requested_at)
    assert len(mirror.tables["customers"]) == len(shop.shop.customers)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"store_hash": "a/b"}, "store_hash"),
        ({"url": "http://api.bigcommerce.com/stores/x"}, "https"),
        ({"url": "https://user:secret@api.example.com"}, "credentials"),
        ({"access_token": ""}, "access_token"),
        ({"quota_reserve_rate": 1}, "quota_reserve_rate"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, Any], named: str) -> None:
    declared = {"type": "bigcommerce", "store_hash": "x1", "access_token": "t", **settings}
    with pytest.raises(ValueError, match=named):
        BigCommerceSettings.model_validate(declared)


def test_the_store_is_at_bigcommerce_unless_said_otherwise() -> None:
    settings = BigCommerceSettings.model_validate({"type": "bigcommerce", "store_hash": "x1", "access_token": "t"})
    assert settings.api_path == "https://api.bigcommerce.com/stores/x1"
