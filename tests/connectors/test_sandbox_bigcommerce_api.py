"""BigCommerce's API, quirk by quirk: empty pages without a body, dates of two kinds, cursors, scopes and the quota."""

import base64
import json
from datetime import datetime
from decimal import Decimal
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from sandbox_calls import Answer, Caller, Clock

from connectors.sandbox.bigcommerce import READ_SCOPES, BigCommerceApi, Item, Shop, StoreSettings, running_bigcommerce
from connectors.sandbox.faults import Fault, Faults

Opened = tuple[Shop, Clock, Caller]


def opened(quota: int | None = None, **settings: object) -> Opened:
    clock = Clock()
    shop = Shop(clock, StoreSettings(**{"has_stable_ties": True, **settings}), quota=quota)  # type: ignore[arg-type]
    return shop, clock, Caller(BigCommerceApi(shop), "/stores/sandbox1/", {"x-auth-token": "sandbox-token"})


@pytest.fixture
def store_of_five() -> Opened:
    """Five orders, a minute apart."""
    shop, clock, caller = opened()
    product = shop.create_product("Mug", Decimal("8.50"))
    for _ in range(5):
        shop.place_order([Item(product)], email="guest@example.com")
        clock.move(60)
    return shop, clock, caller


def test_orders_come_by_id_in_pages_and_an_empty_page_has_no_body(store_of_five: Opened) -> None:
    _, _, caller = store_of_five
    assert caller.get("v2/orders", "limit=2&page=2").ids == [102, 103]
    assert caller.get("v2/orders", "limit=2&page=3").ids == [104]
    beyond = caller.get("v2/orders", "limit=2&page=4")
    assert (beyond.status, beyond.body) == (204, None)
    assert caller.get("v2/orders", "sort=date_created:desc").ids == [104, 103, 102, 101, 100]
    assert caller.get("v2/orders", "min_id=102&max_id=103").ids == [102, 103]


def test_no_page_holds_more_than_250_and_one_holds_50_unasked() -> None:
    shop, _, caller = opened()
    product = shop.create_product("Mug", Decimal("8.50"))
    for _ in range(260):
        shop.place_order([Item(product)])
    assert [len(caller.get("v2/orders", query).body) for query in ("", "limit=250", "limit=9999")] == [50, 250, 250]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("min_date_modified=2026-03-02T12:02:00Z", [102, 103, 104]),
        ("min_date_modified=Mon,%2002%20Mar%202026%2012:02:00%20%2B0000", [102, 103, 104]),
        ("min_date_modified=2026-03-02T06:02:00.000-06:00", [102, 103, 104]),
        ("max_date_modified=2026-03-02T12:01:00Z", [100, 101]),
        ("min_date_created=2026-03-02T12:01:00Z&max_date_created=2026-03-02T12:02:00Z", [101, 102]),
        # Without a zone it is the store's own time, six hours behind UTC.
        ("min_date_modified=2026-03-02T06:03:00", [103, 104]),
        ("min_date_modified=2026-03-02T12:03:00", None),
    ],
)
def test_both_ends_of_a_range_of_dates_are_in_it(query: str, ids: list[int] | None, store_of_five: Opened) -> None:
    answer = store_of_five[2].get("v2/orders", query)
    assert (answer.ids if answer.body else None) == ids


def test_a_date_whose_plus_sign_was_lost_is_refused(store_of_five: Opened) -> None:
    _, _, caller = store_of_five
    v2 = caller.get("v2/orders", "min_date_modified=2026-03-02T12:02:00+00:00")
    assert (v2.status, v2.body[0]["status"]) == (400, 400)
    v3 = caller.get("v3/customers", "date_modified:min=2026-03-02T12:02:00+00:00")
    assert (v3.status, v3.body["status"]) == (422, 422)


def test_v2_writes_dates_and_money_as_text_and_v3_does_not(store_of_five: Opened) -> None:
    shop, _, caller = store_of_five
    order = caller.get("v2/orders/100").body
    assert (order["date_created"], order["date_shipped"]) == ("Mon, 02 Mar 2026 12:00:00 +0000", "")
    assert (order["total_inc_tax"], order["currency_exchange_rate"]) == ("8.5000", "1.0000000000")
    shop.refund(100, amount=Decimal("1.25"))
    refund = caller.get("v3/orders/100/payment_actions/refunds").body["data"][0]
    assert (refund["created"], refund["total_amount"]) == ("2026-03-02T12:05:00+00:00", 1.25)
    assert refund["items"][0]["requested_amount"] == 1.25
    consignments = caller.get("v2/orders/100/consignments").body
    assert consignments["shipping"][0]["base_cost"] == 0


def test_parts_are_references_unless_they_are_included(store_of_five: Opened) -> None:
    _, _, caller = store_of_five
    order = caller.get("v2/orders/100").body
    assert order["products"]["resource"] == "/orders/100/products"
    assert order["consignments"]["resource"] == "/orders/100/consignments"
    assert order["fees"]["resource"] == "/orders/100/fees"
    query = "limit=1&include=consignments.line_items,fees&consignment_structure=object"
    (full,) = caller.get("v2/orders", query).body
    assert full["fees"] == []
    assert full["consignments"]["shipping"][0]["line_items"][0]["total_inc_tax"] == "8.5000"
    (bare,) = caller.get("v2/orders", "limit=1&include=consignments&consignment_structure=object").body
    assert list(bare["consignments"]["shipping"][0]["line_items"][0]) == ["url", "resource"]
    for part in ("coupons", "taxes"):
        assert caller.get(f"v2/orders/100/{part}").status == 204
    assert caller.get("v2/orders/99/products").status == 404


def test_an_archived_order_leaves_the_list_but_not_its_address(store_of_five: Opened) -> None:
    shop, _, caller = store_of_five
    shop.archive_order(101)
    assert caller.get("v2/orders").ids == [100, 102, 103, 104]
    assert caller.get("v2/orders", "is_deleted=true").ids == [101]
    assert caller.get("v2/orders/101").body["is_deleted"] is True
    shop.settings.lists_archived = True
    assert caller.get("v2/orders").ids == [100, 101, 102, 103, 104]
    shop.restore_order(101)
    assert caller.get("v2/orders/101").body["is_deleted"] is False
    shop.purge_order(101)
    missing = caller.get("v2/orders/101")
    assert (missing.status, missing.body) == (
        404,
        [{"status": 404, "message": "The requested resource was not found."}],
    )


def test_orders_are_counted_by_status(store_of_five: Opened) -> None:
    shop, _, caller = store_of_five
    shop.set_status(100, 10)
    counted = caller.get("v2/orders/count").body
    assert counted["count"] == 5
    assert {row["name"]: row["count"] for row in counted["statuses"] if row["count"]} == {
        "Completed": 1,
        "Awaiting Fulfillment": 4,
    }
    assert caller.get("v2/orders", "status_id=10").ids == [100]


def test_customers_come_by_page_or_by_cursor() -> None:
    shop, clock, caller = opened()
    for number in range(5):
        shop.create_customer(f"c{number}@example.com")
        clock.move(60)
    first = caller.get("v3/customers", "limit=2").body
    assert set(first["meta"]) == {"pagination", "cursor_pagination"}
    assert first["meta"]["pagination"]["total_pages"] == 3
    assert set(caller.get("v3/customers", "limit=2&page=2").body["meta"]) == {"pagination"}
    cursor = first["meta"]["cursor_pagination"]["end_cursor"]
    assert json.loads(base64.urlsafe_b64decode(cursor + "==")) == {"id": 2}
    seen = [row["id"] for row in first["data"]]
    while True:
        page = caller.get("v3/customers", f"limit=2&page=9&after={cursor}").body
        assert set(page["meta"]) == {"cursor_pagination"}
        seen += [row["id"] for row in page["data"]]
        if "next" not in page["meta"]["cursor_pagination"]["links"]:
            break
        cursor = page["meta"]["cursor_pagination"]["end_cursor"]
    assert seen == [1, 2, 3, 4, 5]
    assert caller.get("v3/customers", "limit=2&after=broken").status == 422


def test_customers_are_filtered_by_when_they_changed_and_by_id() -> None:
    shop, clock, caller = opened()
    for number in range(3):
        shop.create_customer(f"c{number}@example.com")
        clock.move(60)
    shop.update_customer(1, first_name="Ada")

    def ids(query: str) -> list[int]:
        return [row["id"] for row in caller.get("v3/customers", query).body["data"]]

    assert ids("date_modified:min=2026-03-02T12:02:00Z&sort=date_modified:asc") == [3, 1]
    assert ids("date_modified%3Amin=2026-03-02T12:02:00") == [1, 3]
    assert ids("id:in=2,3,99") == [2, 3]
    shop.delete_customer(2)
    assert ids("id:in=2,3,99") == [3]
    assert ids("email:in=c9@example.com") == []


def test_a_cursor_outlives_its_customer() -> None:
    shop, _, caller = opened()
    for number in range(4):
        shop.create_customer(f"c{number}@example.com")
    cursor = caller.get("v3/customers", "limit=2").body["meta"]["cursor_pagination"]["end_cursor"]
    shop.delete_customer(2)
    assert [row["id"] for row in caller.get("v3/customers", f"limit=2&after={cursor}").body["data"]] == [3, 4]


def test_products_bring_their_variants_and_are_cut_short_with_options() -> None:
    shop, _, caller = opened()
    for number in range(12):
        variants = [(f"S{number}", Decimal(3), (("Size", "S"),)), (f"M{number}", None, (("Size", "M"),))]
        shop.create_product(f"Shirt {number}", Decimal(4), variants=variants)
    page = caller.get("v3/catalog/products", "include=variants&limit=250").body
    assert len(page["data"]) == 12
    assert [row["calculated_price"] for row in page["data"][0]["variants"]] == [3, 4]
    assert "variants" not in caller.get("v3/catalog/products").body["data"][0]
    assert len(caller.get("v3/catalog/products", "include=variants,options").body["data"]) == 10
    assert list(caller.get("v3/catalog/products", "include_fields=name").body["data"][0]) == ["id", "name"]
    assert len(caller.get("v3/catalog/variants", "product_id:in=77,78").body["data"]) == 4


def test_refunds_of_all_orders_have_no_filter_by_change(store_of_five: Opened) -> None:
    shop, clock, caller = store_of_five
    for order_id in (100, 101):
        shop.refund(order_id, amount=Decimal(1))
        clock.move(60)
    everything = "v3/orders/payment_actions/refunds"
    assert [row["id"] for row in caller.get(everything).body["data"]] == [1, 2]
    assert [row["id"] for row in caller.get(everything, "order_id:in=101,104").body["data"]] == [2]
    assert [row["id"] for row in caller.get(everything, "created:min=2026-03-02T12:06:00Z").body["data"]] == [2]
    assert caller.get(f"{everything}/2").body["data"]["order_id"] == 101
    assert caller.get(everything, "date_modified:min=2030-01-01").body["meta"]["pagination"]["total"] == 2


def test_a_cart_is_found_by_its_token_only() -> None:
    shop, _, caller = opened()
    order_id = shop.place_order([Item(shop.create_product("Mug", Decimal(8)))], status_id=0)
    token = shop.orders[order_id].cart_id
    assert caller.get(f"v3/abandoned-carts/{token}").body == {"data": {"cart_id": token}, "meta": {}}
    shop.set_status(order_id, 11)
    assert caller.get(f"v3/abandoned-carts/{token}").status == 404


@pytest.mark.parametrize(
    ("lacking", "path"),
    [
        ("store_v2_orders_read_only", "v2/orders"),
        ("store_v2_customers_read_only", "v3/customers"),
        ("store_v2_customers_read_only", "v3/customers/subscribers"),
        ("store_v2_products_read_only", "v3/catalog/products"),
        ("store_v2_marketing_read_only", "v2/coupons"),
        ("store_v2_information_read_only", "v2/store"),
        ("store_v2_transactions_read_only", "v3/orders/100/transactions"),
    ],
)
def test_a_token_without_the_scope_is_forbidden(lacking: str, path: str, store_of_five: Opened) -> None:
    shop, _, _ = store_of_five
    shop.tokens["narrow"] = frozenset(READ_SCOPES) - {lacking}
    narrow = Caller(BigCommerceApi(shop), "/stores/sandbox1/", {"x-auth-token": "narrow"})
    refused = narrow.get(path)
    said = refused.body[0]["message"] if path.startswith("v2") else refused.body["title"]
    assert (refused.status, said) == (403, "You don't have a required scope to access the endpoint")
    shop.tokens["narrow"] = frozenset({lacking.removesuffix("_read_only")})
    assert narrow.get(path).status in (200, 204)


def test_a_refund_is_for_orders_or_transactions(store_of_five: Opened) -> None:
    shop, _, _ = store_of_five
    shop.tokens["narrow"] = frozenset({"store_v2_orders_read_only"})
    narrow = Caller(BigCommerceApi(shop), "/stores/sandbox1/", {"x-auth-token": "narrow"})
    assert narrow.get("v3/orders/payment_actions/refunds").status == 200
    assert narrow.get("v3/orders/100/payment_actions/refunds").status == 200


def test_without_a_token_or_with_a_wrong_one_it_is_401(store_of_five: Opened) -> None:
    _, _, caller = store_of_five
    assert caller.get("v2/orders", headers={}).status == 401
    assert caller.get("v3/customers", headers={"x-auth-token": "wrong"}).body["status"] == 401
    elsewhere = Caller(caller.platform, "/stores/other/", caller.headers)
    assert elsewhere.get("v2/orders").status == 401


def left(answer: Answer) -> int:
    return int(answer.headers["X-Rate-Limit-Requests-Left"])


def test_the_quota_is_one_window_for_all_apps_of_the_store() -> None:
    shop, clock, caller = opened(quota=10)
    first = caller.get("v2/time")
    assert (left(first), first.headers["X-Rate-Limit-Requests-Quota"]) == (9, "10")
    assert first.headers["X-Rate-Limit-Time-Window-Ms"] == "30000"
    assert shop.quota.use(8)
    clock.move(12.5)
    assert left(caller.get("v2/time")) == 0
    refused = caller.get("v3/customers")
    assert (refused.status, refused.body["title"]) == (429, "Too many requests")
    assert (refused.headers["X-Rate-Limit-Time-Reset-Ms"], refused.headers["X-Retry-After"]) == ("17500", "18")
    assert caller.get("v2/orders").body == [{"status": 429, "message": "Too many requests"}]
    clock.move(17.5)
    assert left(caller.get("v2/time")) == 9
    shop.quota.exhaust()
    assert caller.get("v2/time").status == 429


def test_a_plan_without_a_limit_never_refuses() -> None:
    _, _, caller = opened(quota=None)
    assert {caller.get("v2/time").status for _ in range(500)} == {200}


def test_it_misbehaves_over_http_as_it_is_told(store_of_five: Opened) -> None:
    shop, _, _ = store_of_five
    faults = Faults()
    faults.add(Fault(status=502), path="/v2/orders")
    with running_bigcommerce(shop, faults=faults) as server:
        asked = Request(f"{server.url}/stores/sandbox1/v2/orders", headers={"X-Auth-Token": "sandbox-token"})
        with pytest.raises(HTTPError) as caught:
            urlopen(asked, timeout=10)
        caught.value.close()
        with urlopen(asked, timeout=10) as response:
            assert [row["id"] for row in json.load(response)] == [100, 101, 102, 103, 104]
        empty = Request(asked.full_url + "?page=2", headers={"X-Auth-Token": "sandbox-token"})
        with urlopen(empty, timeout=10) as response:
            assert (response.status, response.read()) == (204, b"")
    assert len(server.requests("/v2/orders")) == 3


def test_the_store_says_its_zone_and_currency() -> None:
    _, _, caller = opened(time_zone="Asia/Kolkata", currency="INR", prices_include_tax=True, plan="Pro")
    store = caller.get("v2/store").body
    assert (store["timezone"]["name"], store["timezone"]["raw_offset"]) == ("Asia/Kolkata", 19800)
    assert (store["currency"], store["is_price_entered_with_tax"], store["plan_name"]) == ("INR", True, "Pro")
    chicago = opened()[2].get("v2/store").body["timezone"]
    assert (chicago["raw_offset"], chicago["dst_offset"], chicago["dst_correction"]) == (-21600, -18000, True)
    assert caller.get("v2/time").body == {"time": int(datetime.fromisoformat("2026-03-02T12:00:00Z").timestamp())}
