"""Orders, whole: long lists, refunds that show nowhere, archived and deleted ones, and records that cannot be read."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from bigcommerce_harness import BIGCOMMERCE, BigCommerceShop, opened
from mirror import Clock, Mirror, sync
from platform_harnesses import differences

from connectors.sandbox.bigcommerce import Item
from connectors.sandbox.faults import Fault, Request
from models.errors import StopError
from models.records import Correction


@pytest.fixture
def shop() -> Iterator[BigCommerceShop]:
    with opened(Clock(), "America/New_York", Random(5)) as running:
        yield running


@pytest.fixture
def mirror(shop: BigCommerceShop) -> Mirror:
    return synced(shop, Mirror(shop.source().streams))


def synced(
    shop: BigCommerceShop, mirror: Mirror, *, days: int = 0, settings: dict[str, Any] | None = None, **options: Any
) -> Mirror:
    shop.clock.advance(60 + days * 25 * 3600)
    sync(shop.source(**(settings or {})), mirror, shop.clock(), **options)
    return mirror


def moved_on(shop: BigCommerceShop, mirror: Mirror) -> None:
    """Let the window pass by all orders there are: the newest always comes once more."""
    shop.clock.advance(3600)
    shop.place_orders(1)
    synced(shop, mirror)


def parts(mirror: Mirror, stream: str, order_id: int) -> list[dict[str, Any]]:
    return [row for row in mirror.tables[stream].values() if row["order_id"] == str(order_id)]


def requests_for(shop: BigCommerceShop, path: str) -> int:
    return len(shop.server.requests(path))


@pytest.mark.parametrize("lines", [51, 250, 251, 600])
def test_every_line_of_a_long_order_is_read(shop: BigCommerceShop, mirror: Mirror, lines: int) -> None:
    """R4, failure mode 3: nested lists are drained, however the answer cuts them."""
    order_id = shop.shop.place_order([Item(0, price=Decimal(1))] * lines, email="long@example.com")
    synced(shop, mirror)
    assert len(parts(mirror, "order_lines", order_id)) == lines


def test_lines_that_an_answer_left_out_are_asked_for(shop: BigCommerceShop, mirror: Mirror) -> None:
    """The order says how many items it has; an answer that shows fewer is not believed."""
    order_id = shop.place_orders(1)[0]

    def cut_short(request: Request) -> bool:
        return request.path.endswith("/v2/orders") and "include" in request.query

    answer = order_as_listed(shop, order_id)
    shipping = answer["consignments"][0]["shipping"] if isinstance(answer["consignments"], list) else None
    consignment = (shipping or answer["consignments"]["shipping"])[0]
    consignment["line_items"] = consignment["line_items"][:1]
    shop.server.faults.add(Fault(status=200, body=json.dumps([answer]).encode()), when=cut_short)
    synced(shop, mirror)
    assert len(parts(mirror, "order_lines", order_id)) == 2
    assert requests_for(shop, f"/orders/{order_id}/products") == 1


def order_as_listed(shop: BigCommerceShop, order_id: int) -> dict[str, Any]:
    """An order as the list shows it, asked for beside the source."""
    import urllib.request

    path = f"{shop.declaration()['url']}/v2/orders/{order_id}"
    query = "include=consignments,consignments.line_items,fees&consignment_structure=object"
    asked = urllib.request.Request(f"{path}?{query}", headers={"X-Auth-Token": "sandbox-token"})
    with urllib.request.urlopen(asked, timeout=10) as answer:
        shown: dict[str, Any] = json.load(answer)
    return shown


def test_an_order_whose_parts_do_not_come_along_is_read_all_the_same(shop: BigCommerceShop, mirror: Mirror) -> None:
    order_id = shop.shop.place_order(
        shop.items[:3], email="plain@example.com", shipping=[Decimal(3), Decimal(4)], fees=[("Care", Decimal(2))]
    )
    expected = order_as_listed(shop, order_id)
    here = f"/orders/{order_id}"
    plain = expected | {name: {"url": here, "resource": here} for name in ("consignments", "fees")}
    answer = Fault(status=200, body=json.dumps([plain]).encode())
    shop.server.faults.add(answer, when=lambda r: r.path.endswith("/v2/orders") and "include" in r.query)
    synced(shop, mirror)
    assert len(parts(mirror, "order_lines", order_id)) == 3
    assert len(parts(mirror, "order_shipping_lines", order_id)) == 2
    assert len(parts(mirror, "order_fees", order_id)) == 1


def test_a_long_list_of_an_orders_own_is_drained(shop: BigCommerceShop, mirror: Mirror) -> None:
    order_id = shop.shop.place_order([Item(0, price=Decimal(1))] * 600, email="long@example.com")
    here = {"url": "", "resource": ""}
    plain = order_as_listed(shop, order_id) | {"consignments": here}
    answer = Fault(status=200, body=json.dumps([plain]).encode())
    shop.server.faults.add(answer, when=lambda r: r.path.endswith("/v2/orders") and "include" in r.query)
    synced(shop, mirror)
    assert len(parts(mirror, "order_lines", order_id)) == 600
    assert requests_for(shop, f"/orders/{order_id}/products") == 4


def test_edits_between_two_pages_are_not_lost(shop: BigCommerceShop, mirror: Mirror) -> None:
    """R2, R4: an edit takes an order out of the window, and the next one begins before it."""
    placed = shop.place_orders(300)
    edits = [placed[-1], placed[0]]

    def edit(request: Request) -> None:
        # An order of the page that was read, and then one of the page to come, which is newer by an hour.
        if "include" in request.query and "sort" in request.query and "min_id=1&" not in request.query:
            while edits:
                shop.clock.advance(3600)
                shop.shop.write_note(edits.pop(), "called")

    shop.server.faults.before_each = edit
    shop.clock.advance(60)
    requested_at = shop.clock()
    source = shop.source(transactions=False)
    sync(source, mirror, requested_at)
    shop.server.faults.before_each = None
    assert edits == []
    compared_at = (mirror.cursor or {})["reconciled_at"]
    synced(shop, mirror, settings={"transactions": False})
    assert (mirror.cursor or {})["reconciled_at"] == compared_at, "the comparison of ids would find it too"
    notes = {row["order_id"] for row in mirror.tables["orders"].values() if row["staff_notes"] == "called"}
    assert notes == {str(placed[0]), str(placed[-1])}


def test_a_walk_goes_on_after_the_last_order_that_it_had(shop: BigCommerceShop, mirror: Mirror) -> None:
    placed = shop.place_orders(300)
    compared_at = (mirror.cursor or {})["reconciled_at"]
    count = len(mirror.reports)
    synced(shop, mirror, settings={"transactions": False}, reading_rows=20)
    assert len(mirror.reports) > count + 1
    assert (mirror.cursor or {})["reconciled_at"] == compared_at, "the comparison of ids would close a hole"
    assert {(str(one),) for one in placed} <= mirror.tables["orders"].keys()


def test_an_edited_order_loses_the_line_that_it_lost(shop: BigCommerceShop, mirror: Mirror) -> None:
    order_id = shop.place_orders(1)[0]
    synced(shop, mirror)
    first, second = (line.id for line in shop.shop.orders[order_id].lines)
    shop.shop.edit_order(order_id, quantities={first: 0})
    synced(shop, mirror)
    assert [row["order_product_id"] for row in parts(mirror, "order_lines", order_id)] == [str(second)]


def test_a_refund_that_does_not_show_on_its_order_is_found(shop: BigCommerceShop, mirror: Mirror) -> None:
    """R5, failure modes 6 and 9: the list of refunds is compared, whether or not orders say that they changed."""
    order_id = shop.place_orders(1)[0]
    synced(shop, mirror)
    moved_on(shop, mirror)
    line = shop.shop.orders[order_id].lines[0]
    shop.shop.refund(order_id, lines={line.id: 1}, shipping=Decimal("1.10"), bumps=False)
    synced(shop, mirror)
    assert {row["item_type"] for row in parts(mirror, "refund_lines", order_id)} == {"PRODUCT", "SHIPPING"}
    assert parts(mirror, "refund_payments", order_id)
    assert differences(BIGCOMMERCE, shop, mirror) == []


def test_a_refund_that_vanished_leaves_its_order(shop: BigCommerceShop, mirror: Mirror) -> None:
    order_id = shop.place_orders(1)[0]
    line = shop.shop.orders[order_id].lines[0]
    refund_id = shop.shop.refund(order_id, lines={line.id: 1})
    synced(shop, mirror)
    moved_on(shop, mirror)
    assert parts(mirror, "refunds", order_id)
    shop.shop.refunds.remove(refund_id)
    shop.shop.orders[order_id].refund_ids.remove(refund_id)
    synced(shop, mirror)
    assert parts(mirror, "refunds", order_id) == []
    assert parts(mirror, "refund_lines", order_id) == []


def test_an_old_refund_that_changed_is_found_when_ids_are_compared(shop: BigCommerceShop, mirror: Mirror) -> None:
    order_id = shop.place_orders(1)[0]
    line = shop.shop.orders[order_id].lines[0]
    refund_id = shop.shop.refund(order_id, lines={line.id: 1})
    synced(shop, mirror)
    synced(shop, mirror, days=100)
    moved_on(shop, mirror)
    key = (str(order_id), str(refund_id))
    mirror.tables["refunds"][key]["total_amount"] += 1
    shop.clock.advance(3600)
    synced(shop, mirror)
    assert mirror.tables["refunds"][key]["total_amount"] != shop.shop.refunds[refund_id].total_amount
    synced(shop, mirror, days=1)
    assert mirror.tables["refunds"][key]["total_amount"] == shop.shop.refunds[refund_id].total_amount


@pytest.mark.parametrize("lists_archived", [True, False])
def test_an_archived_order_says_so_whether_lists_show_it_or_not(
    shop: BigCommerceShop, mirror: Mirror, lists_archived: bool
) -> None:
    order_id = shop.place_orders(1)[0]
    synced(shop, mirror)
    shop.shop.settings.lists_archived = lists_archived
    shop.shop.archive_order(order_id)
    synced(shop, mirror, days=1)
    assert mirror.tables["orders"][str(order_id),]["is_archived"] is True
    assert parts(mirror, "order_lines", order_id)
    shop.shop.restore_order(order_id)
    synced(shop, mirror, days=1)
    assert mirror.tables["orders"][str(order_id),]["is_archived"] is False
    shop.shop.archive_order(order_id)
    shop.shop.purge_order(order_id)
    synced(shop, mirror, days=1)
    assert (str(order_id),) not in mirror.tables["orders"]


def test_incomplete_and_declined_orders_are_read_with_their_status(shop: BigCommerceShop, mirror: Mirror) -> None:
    placed = {
        status: shop.shop.place_order(shop.items[:1], email="x@example.com", status_id=status) for status in range(15)
    }
    synced(shop, mirror)
    assert {mirror.tables["orders"][str(one),]["status_id"] for one in placed.values()} == set(range(15))


def test_more_deletions_than_can_be_meant_are_refused(shop: BigCommerceShop, mirror: Mirror) -> None:
    for order_id in shop.place_orders(150):
        del order_id
    synced(shop, mirror)
    for order_id in list(shop.shop.orders.ids()):
        shop.shop.purge_order(order_id)
    count = len(mirror.tables["orders"])
    with pytest.raises(StopError, match="max_shrink_rate"):
        synced(shop, mirror, days=1)
    assert len(mirror.tables["orders"]) == count


def test_a_list_in_another_order_than_asked_for_is_refused(shop: BigCommerceShop, mirror: Mirror) -> None:
    first, second = shop.place_orders(2)
    wrong = json.dumps([order_as_listed(shop, second), order_as_listed(shop, first)]).encode()
    shop.server.faults.add(
        Fault(status=200, body=wrong), when=lambda r: r.path.endswith("/v2/orders") and "include" in r.query
    )
    with pytest.raises(StopError, match="another order than was asked for"):
        synced(shop, mirror)


def with_faulty_listing(shop: BigCommerceShop, order_id: int, **changes: Any) -> str:
    """Let every answer that shows an order show it so; returns its text."""
    text = json.dumps(order_as_listed(shop, order_id) | changes)
    fault = Fault(status=200, body=f"[{text}]".encode())
    shop.server.faults.add(
        fault,
        when=lambda r: r.path.endswith("/v2/orders") and f"min_id={order_id}&" not in r.query and "include" in r.query,
    )
    shop.server.faults.add(
        Fault(status=200, body=text.encode()), path=f"/v2/orders/{order_id}", contains="include", times=float("inf")
    )
    return text


def test_an_order_that_cannot_be_read_is_set_aside_and_read_when_corrected(
    shop: BigCommerceShop, mirror: Mirror
) -> None:
    order_id = shop.place_orders(1)[0]
    text = with_faulty_listing(shop, order_id, total_inc_tax="a lot")
    synced(shop, mirror)
    (rejected,) = mirror.rejected
    assert (rejected.stream, rejected.field, rejected.key) == ("orders", "total_inc_tax", str(order_id))
    assert rejected.raw_text == text
    assert (str(order_id),) not in mirror.tables["orders"]
    corrected = json.dumps(json.loads(text) | {"total_inc_tax": "7.50"})
    at = datetime(2026, 3, 1, tzinfo=UTC)
    moved_on(shop, mirror)
    mirror.rejected.clear()
    synced(shop, mirror, corrections=[Correction("orders", text, corrected, at)])
    assert mirror.tables["orders"][str(order_id),]["total_inc_tax"] == Decimal("7.50")
    assert len(parts(mirror, "order_lines", order_id)) == 2
    assert mirror.rejected == []


def test_an_order_with_a_refund_that_cannot_be_read_is_left_out_with_it(shop: BigCommerceShop, mirror: Mirror) -> None:
    order_id, other = shop.place_orders(2)
    refund = {"id": 901, "order_id": order_id, "created": "2026-03-01T12:00:00+00:00", "total_amount": "some"}
    body = json.dumps({"data": [refund], "meta": {}}).encode()
    shop.server.faults.add(Fault(status=200, body=body), path="/payment_actions/refunds", contains="order_id:in")
    synced(shop, mirror)
    (rejected,) = mirror.rejected
    assert (rejected.stream, rejected.key) == ("refunds", f"{order_id}/901")
    assert f"order {order_id} is left out" in rejected.reason
    assert (str(order_id),) not in mirror.tables["orders"]
    assert (str(other),) in mirror.tables["orders"]


def test_an_order_whose_lines_answer_404_keeps_what_is_known_of_it(shop: BigCommerceShop, mirror: Mirror) -> None:
    order_id = shop.place_orders(1)[0]
    synced(shop, mirror)
    plain = order_as_listed(shop, order_id) | {"consignments": {"url": "", "resource": ""}}
    listed = Fault(status=200, body=json.dumps([plain]).encode())
    shop.server.faults.add(listed, when=lambda r: r.path.endswith("/v2/orders") and "include" in r.query)
    shop.server.faults.add(Fault(status=404, body=b"[]"), path=f"/orders/{order_id}/products")
    synced(shop, mirror)
    (rejected,) = mirror.rejected
    assert (rejected.stream, rejected.field, rejected.key) == ("orders", "products", str(order_id))
    assert f"order {order_id} is left out until it answers" in rejected.reason
    assert len(parts(mirror, "order_lines", order_id)) == 2


def test_an_order_that_was_deleted_between_its_page_and_its_lines_is_left_out(
    shop: BigCommerceShop, mirror: Mirror
) -> None:
    order_id = shop.place_orders(1)[0]
    plain = order_as_listed(shop, order_id) | {"consignments": {"url": "", "resource": ""}}
    listed = Fault(status=200, body=json.dumps([plain]).encode())
    shop.server.faults.add(listed, when=lambda r: r.path.endswith("/v2/orders") and "include" in r.query)
    shop.server.faults.add(Fault(status=404, body=b"[]"), path=f"/orders/{order_id}/products")
    shop.server.faults.add(Fault(status=404, body=b"[]"), when=lambda r: r.path.endswith(f"/v2/orders/{order_id}"))
    synced(shop, mirror)
    assert mirror.rejected == []
    assert (str(order_id),) not in mirror.tables["orders"]


def test_an_amount_that_no_column_holds_sets_its_order_aside(shop: BigCommerceShop, mirror: Mirror) -> None:
    order_id = shop.place_orders(1)[0]
    with_faulty_listing(shop, order_id, total_inc_tax="1e30")
    synced(shop, mirror)
    assert [(one.stream, one.field) for one in mirror.rejected] == [("orders", "total_inc_tax")]


def test_variants_that_an_answer_left_out_are_asked_for(shop: BigCommerceShop, mirror: Mirror) -> None:
    sizes = [(f"S-{number}", Decimal(1), (("Size", str(number)),)) for number in range(70)]
    product_id = shop.shop.create_product("Ladder", Decimal(5), variants=sizes)
    variants = [{"id": one.id, "product_id": product_id} for one in shop.shop.products[product_id].variants[:50]]
    cut = {"id": product_id, "name": "Ladder", "date_modified": "2026-03-01T12:30:00+00:00", "variants": variants}
    body = json.dumps({"data": [cut], "meta": {}}).encode()
    shop.server.faults.add(Fault(status=200, body=body), path="/catalog/products", contains="variants")
    synced(shop, mirror)
    found = [row for row in mirror.tables["product_variants"].values() if row["product_id"] == str(product_id)]
    assert len(found) == 70


def test_every_variant_of_a_product_is_read(shop: BigCommerceShop, mirror: Mirror) -> None:
    sizes = [(f"S-{number}", Decimal(number + 1), (("Size", str(number)),)) for number in range(320)]
    product_id = shop.shop.create_product("Ladder", Decimal(5), variants=sizes)
    synced(shop, mirror)
    variants = [row for row in mirror.tables["product_variants"].values() if row["product_id"] == str(product_id)]
    assert len(variants) == 320
    assert {row["options"] for row in variants} >= {"Size: 0", "Size: 319"}
    shop.shop.delete_variant(int(variants[0]["variant_id"]))
    synced(shop, mirror)
    assert differences(BIGCOMMERCE, shop, mirror) == []


def test_the_stores_quota_is_kept_beside_other_apps(shop: BigCommerceShop) -> None:
    """R11: no request is refused, and the reserve stays, though another app uses as much."""
    shop.shop.quota.limit = 40
    shop.server.faults.before_each = lambda _: shop.shop.quota.use(1) and None
    # One at a time, or the order in which requests arrive would be the operating system's.
    mirror = synced(shop, Mirror(shop.source().streams), settings={"requests_in_flight": 1})
    assert 429 not in {exchange.status for exchange in shop.server.log}
    assert mirror.reports[0].wait_seconds > 0
    assert mirror.reports[0].budgets["store_quota"].limit == 40
    assert mirror.reports[0].budgets["store_quota"].peak_rate <= 0.9
