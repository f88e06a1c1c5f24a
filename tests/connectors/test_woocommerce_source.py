"""The source as a whole: what is set aside, what its owner is told, and what it leaves to others."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from mirror import Clock, Mirror, sync
from woocommerce_fakes import INDEX, asked, json_reply, listed, open_shop, source, wordpress

from connectors.sandbox.faults import Request
from connectors.sandbox.serving import Reply, SandboxServer
from connectors.sandbox.woocommerce import Item
from connectors.source import ReadMode, ReadRequest
from models.records import Correction, Deletions, Page

ORDER: dict[str, Any] = {
    "id": 7,
    "status": "processing",
    "currency": "USD",
    "total": "10.00",
    "date_modified_gmt": "2026-02-01T10:00:00",
    "line_items": [{"id": 1, "total": "10.00", "quantity": 1}],
}
BROKEN = {**ORDER, "id": 8, "total": "ten"}


def orders_of(*orders: dict[str, Any]) -> Any:
    """A site with these orders, of which one list holds all."""

    def answer(request: Request) -> Reply | None:
        params = request.params
        if request.path.endswith("/wc/v3/reports/orders/totals"):
            return json_reply([{"slug": "processing", "name": "Processing", "total": len(orders)}])
        if request.path.endswith("/wc/v3/orders"):
            found = list(orders)
            if "include" in params:
                found = [order for order in orders if str(order["id"]) in params["include"].split(",")]
            if params.get("modified_after", "") > "2026-02-02":
                found = []
            total = str(len(found))
            return replace(listed(found[int(params.get("offset", 0)) :]), headers={"X-WP-Total": total})
        return None

    return answer


def synced(server: SandboxServer, clock: Clock, mirror: Mirror, **options: Any) -> None:
    server.log.clear()
    sync(source(server.url, clock), mirror, clock(), **options)


def test_a_record_that_cannot_be_understood_is_set_aside_and_the_others_go_on() -> None:
    clock = Clock()
    with wordpress(clock, orders_of(ORDER, BROKEN)) as server:
        mirror = Mirror(source(server.url, clock).streams)
        synced(server, clock, mirror)
        assert list(mirror.tables["orders"]) == [("7",)]
        assert list(mirror.tables["order_lines"]) == [("7", "1")]
        rejected = mirror.rejected[0]
        assert (rejected.stream, rejected.origin, rejected.field, rejected.key) == (
            "orders",
            "GET /orders",
            "total",
            "8",
        )
        assert json.loads(rejected.raw_text) == BROKEN
        assert "'ten' is not an amount" in rejected.reason


def test_a_record_without_what_it_needs_is_set_aside_and_the_others_of_its_page_go_on() -> None:
    """Records are read many at a time: where one is wrong, each is read by itself."""
    clock = Clock()
    unread = {name: value for name, value in ORDER.items() if name != "status"} | {"id": 8}
    unusual = {**ORDER, "id": 9, "customer_id": ""}
    with wordpress(clock, orders_of(ORDER, unread, unusual)) as server:
        mirror = Mirror(source(server.url, clock).streams)
        synced(server, clock, mirror)
        assert sorted(mirror.tables["orders"]) == [("7",), ("9",)]
        assert [(rejected.key, rejected.field) for rejected in mirror.rejected] == [("8", "status")]


def test_what_no_database_holds_is_taken_out_of_a_page_that_is_right_otherwise() -> None:
    clock = Clock()
    with wordpress(clock, orders_of(ORDER, {**ORDER, "id": 9, "customer_note": "a\0b"})) as server:
        mirror = Mirror(source(server.url, clock).streams)
        synced(server, clock, mirror)
        assert mirror.tables["orders"]["9",]["customer_note"] == "ab"


def test_a_time_that_is_none_is_told_and_hides_nobody_elses() -> None:
    """Times are compared as they are written; what is no time must not pass for a late one and be left for ever."""
    clock = Clock()
    times = {10: "9999-99-99T99:99:99", 11: "soon", 12: "0000-00-00T00:00:00", 13: "2026-01-31T10:00:00"}
    orders = [{**ORDER, "id": number, "date_modified_gmt": written} for number, written in times.items()]
    with wordpress(clock, orders_of(ORDER, *orders)) as server:
        mirror = Mirror(source(server.url, clock).streams)
        synced(server, clock, mirror)
        assert {key for (key,) in mirror.tables["orders"]} == {"7", "12", "13"}
        assert {(rejected.key, rejected.field) for rejected in mirror.rejected} == {
            ("10", "date_modified_gmt"),
            ("11", "date_modified_gmt"),
        }
        assert (mirror.cursor or {})["newest"]["orders"].startswith("2026-02-01T10:00:00")


def test_what_was_set_aside_is_no_reason_to_compare_everything_at_every_sync() -> None:
    clock = Clock()
    with wordpress(clock, orders_of(ORDER, BROKEN)) as server:
        mirror = Mirror(source(server.url, clock).streams)
        synced(server, clock, mirror)
        clock.advance(3600)
        synced(server, clock, mirror)
        listings = [
            query for query in asked(server, "/wc/v3/orders") if "date_modified_gmt" in query.get("_fields", "")
        ]
        assert listings == []


def test_a_correction_counts_once_its_owner_has_made_it() -> None:
    clock = Clock()
    with wordpress(clock, orders_of(ORDER, BROKEN)) as server:
        mirror = Mirror(source(server.url, clock).streams)
        synced(server, clock, mirror)
        raw = mirror.rejected[0].raw_text
        clock.advance(3600)
        correction = Correction("orders", raw, raw.replace("ten", "10.50"), clock())
        synced(server, clock, mirror, corrections=[correction])
        assert str(mirror.tables["orders"][("8",)]["total"]) == "10.5000"
        clock.advance(3600)
        synced(server, clock, mirror, corrections=[correction])
        assert asked(server, "/wc/v3/orders/8") == []


def test_a_trial_without_a_warehouse_reads_and_compares_nothing() -> None:
    clock = Clock()
    with open_shop(clock) as (_, server):
        reading = source(server.url, clock).read(ReadRequest("shop", "web", None, clock()))
        pages = list(reading.pages)
        assert reading.mode is ReadMode.DELTA
        assert sum(len(page.records) for page in pages if isinstance(page, Page) and page.stream == "orders") == 12
        assert not any(isinstance(page, Deletions) for page in pages)
        assert not reading.report.has_more
        assert reading.cursor["reconciled_at"] is None


def test_a_reading_is_named_by_what_it_follows_from() -> None:
    clock = Clock()
    with open_shop(clock) as (_, server):
        request = ReadRequest("shop", "web", None, clock())
        first = source(server.url, clock).read(request).fingerprint
        assert source(server.url, clock).read(request).fingerprint == first
        later = replace(request, requested_at=clock() + timedelta(days=1))
        assert source(server.url, clock).read(later).fingerprint != first
        assert source(server.url, clock, lag_seconds=9).read(request).fingerprint != first
        other_key = source(server.url, clock, consumer_secret="cs_other").read(request)
        assert other_key.fingerprint == first


def test_a_cursor_is_json_and_holds_no_secret() -> None:
    clock = Clock()
    with open_shop(clock) as (_, server):
        mirror = Mirror(source(server.url, clock).streams)
        synced(server, clock, mirror, reading_rows=10)
        text = json.dumps(mirror.cursor)
        assert json.loads(text) == mirror.cursor
        assert "cs_sandbox" not in text
        assert "ck_sandbox" not in text


def test_an_owner_whose_days_are_not_the_shops_is_told() -> None:
    clock = Clock()
    with open_shop(clock, "Asia/Kolkata") as (_, server):
        for zone, codes in (("Asia/Kolkata", []), ("Asia/Colombo", []), ("Europe/Berlin", ["time_zone_differs"])):
            mirror = Mirror(source(server.url, clock).streams)
            sync(source(server.url, clock, time_zone=zone), mirror, clock())
            found = [notice.code for notice in mirror.reports[0].notices if notice.code.startswith("time")]
            assert found == codes


def test_the_shops_record_says_how_it_reckons() -> None:
    clock = Clock()
    with open_shop(clock, "Asia/Kolkata", currency="INR", prices_include_tax=True) as (_, server):
        mirror = Mirror(source(server.url, clock).streams)
        synced(server, clock, mirror)
        (row,) = mirror.tables["shop"].values()
        assert (row["currency"], row["timezone_string"], row["prices_include_tax"]) == ("INR", "Asia/Kolkata", True)
        assert row["shop_id"] in server.url
        clock.advance(3600)
        mirror.read_counts.clear()
        synced(server, clock, mirror)
        assert "shop" not in mirror.read_counts


def test_amounts_keep_the_places_that_woocommerce_computes_with() -> None:
    """19.99 with 19% tax is 16.798319 without: the shop's database has six places, and its API rounds unless asked."""
    clock = Clock()
    with open_shop(clock, orders=0, prices_include_tax=True) as (shop, server):
        shop.add_tax_rate(Decimal(19))
        item = next(iter(shop.products)).id
        shop.place_order([Item(item, price=Decimal("19.99"))] * 3, email="a@example.com")
        mirror = Mirror(source(server.url, clock).streams)
        clock.advance(60)
        synced(server, clock, mirror)
        (order,) = mirror.tables["orders"].values()
        lines = list(mirror.tables["order_lines"].values())
        assert {line["total"] for line in lines} == {Decimal("16.7983")}
        assert order["total"] == Decimal("59.97")
        reading = source(server.url, clock).read(ReadRequest("shop", "web", None, clock()))
        list(reading.pages)
        assert reading.notes["rounded_amount_count"] > 0


def test_what_is_expected_is_told_for_progress() -> None:
    clock = Clock()
    with open_shop(clock, orders=120) as (_, server):
        mirror = Mirror(source(server.url, clock).streams)
        synced(server, clock, mirror)
        assert mirror.reports[0].rows_expected == 120
        assert mirror.reports[0].request_counts["orders"] >= 2


def test_a_chain_reads_up_to_the_moment_that_it_began() -> None:
    """What is modified behind that moment is left out even if a filter lets it through."""
    late = {**ORDER, "id": 9, "date_modified_gmt": "2026-03-01T12:00:00"}
    clock = Clock(datetime(2026, 3, 1, 12, tzinfo=UTC))
    with wordpress(clock, orders_of(ORDER, late)) as server:
        mirror = Mirror(source(server.url, clock).streams)
        synced(server, clock, mirror)
        assert list(mirror.tables["orders"]) == [("7",)]
        clock.advance(30)
        synced(server, clock, mirror)
        assert sorted(mirror.tables["orders"]) == [("7",), ("9",)]


def test_an_order_without_a_modification_is_found_by_comparing() -> None:
    undated = {**ORDER, "id": 5, "date_modified_gmt": None}

    def answer(request: Request) -> Reply | None:
        listing = orders_of(undated, ORDER)
        if "modified_before" in request.params:
            listing = orders_of(ORDER)  # nothing is not before any moment
        reply: Reply | None = listing(request)
        return reply

    clock = Clock()
    with wordpress(clock, answer) as server:
        mirror = Mirror(source(server.url, clock).streams)
        synced(server, clock, mirror)
        assert sorted(mirror.tables["orders"]) == [("5",), ("7",)]
        assert mirror.tables["orders"][("5",)]["date_modified_gmt"] is None


def test_plain_permalinks_do_for_a_whole_sync() -> None:
    clock = Clock()
    shown = orders_of(ORDER)

    def answer(request: Request) -> Reply | None:
        route = request.params.get("rest_route")
        if route is None:
            return Reply(b"<html><title>Not found</title></html>", 404, "text/html")
        if route == "/":
            return json_reply(INDEX)
        reply: Reply | None = shown(replace(request, path=route))
        return reply or listed([])

    with wordpress(clock, answer) as server:
        mirror = Mirror(source(server.url, clock).streams)
        synced(server, clock, mirror)
        assert list(mirror.tables["orders"]) == [("7",)]
