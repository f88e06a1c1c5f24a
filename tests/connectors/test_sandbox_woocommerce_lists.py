"""WooCommerce's lists, quirk by quirk: what is paged, filtered and sorted how, and what is silently not."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sandbox_calls import Caller, Clock, basic

from connectors.sandbox.faults import Request
from connectors.sandbox.woocommerce import Item, Shop, ShopSettings, WooCommerceApi

ROOT = "/wp-json/wc/v3"
Opened = tuple[Shop, Clock, Caller]


def opened(**settings: object) -> Opened:
    clock = Clock()
    shop = Shop(clock, ShopSettings(**{"has_stable_ties": True, **settings}))  # type: ignore[arg-type]
    return shop, clock, Caller(WooCommerceApi(shop), ROOT, basic())


@pytest.fixture
def shop_of_five() -> Opened:
    """Five orders, a minute apart."""
    shop, clock, caller = opened()
    product = shop.create_product("Mug", Decimal("8.50"))
    for _ in range(5):
        shop.place_order([Item(product)], email="guest@example.com")
        clock.move(60)
    return shop, clock, caller


def test_pages_are_counted_and_linked(shop_of_five: Opened) -> None:
    shop, _, caller = shop_of_five
    first, *_ = shop.orders.ids()
    answer = caller.get("/orders", "per_page=2&page=2&order=asc&orderby=id")
    assert answer.ids == [first + 2, first + 3]
    assert (answer.headers["X-WP-Total"], answer.headers["X-WP-TotalPages"]) == ("5", "3")
    base = "http://shop.test/wp-json/wc/v3/orders?per_page=2&order=asc&orderby=id"
    assert answer.headers["Link"] == f'<{base}&page=1>; rel="prev", <{base}&page=3>; rel="next"'
    assert caller.get("/orders", "per_page=2&offset=3&order=asc&orderby=id").ids == [first + 3, first + 4]
    assert len(caller.get("/orders").body) == 5
    assert caller.get("/orders").ids == sorted(shop.orders.ids(), reverse=True)


def test_past_the_end_orders_are_counted_as_none_and_others_as_they_are(shop_of_five: Opened) -> None:
    _, _, caller = shop_of_five
    beyond = caller.get("/orders", "page=9")
    assert (beyond.status, beyond.body, beyond.headers["X-WP-Total"], beyond.headers["X-WP-TotalPages"]) == (
        200,
        [],
        "0",
        "0",
    )
    assert beyond.headers["Link"] == '<http://shop.test/wp-json/wc/v3/orders?page=0>; rel="prev"'
    assert caller.get("/products", "page=9").headers["X-WP-TotalPages"] == "1"


@pytest.mark.parametrize(
    ("query", "params"),
    [
        ("per_page=0", {"per_page": "per_page must be between 1 (inclusive) and 100 (inclusive)"}),
        ("page=0", {"page": "page must be greater than or equal to 1"}),
        ("page=x&order=up", {"page": "page is not of type integer.", "order": "order is not one of asc, and desc."}),
        ("modified_after=2026-13-01T00:00:00", {"modified_after": "Invalid date."}),
        ("modified_after=2026-03-02T12:00:00+00:00", {"modified_after": "Invalid date."}),
        ("dates_are_gmt=perhaps", {"dates_are_gmt": "dates_are_gmt is not of type boolean."}),
    ],
)
def test_what_is_wrong_with_a_request_is_said_by_parameter(query: str, params: dict[str, str]) -> None:
    _, _, caller = opened()
    answer = caller.get("/orders", query)
    assert (answer.status, answer.body["code"], answer.body["data"]["params"]) == (400, "rest_invalid_param", params)
    assert answer.body["message"] == f"Invalid parameter(s): {', '.join(params)}"


def test_modified_after_is_strict_and_knows_only_seconds(shop_of_five: Opened) -> None:
    shop, _, caller = shop_of_five
    second, third = shop.orders.ids()[1:3]
    moment = datetime.fromtimestamp(shop.orders[second].modified, UTC).isoformat()[:19]
    after = f"orderby=modified&order=asc&dates_are_gmt=true&modified_after={moment}"
    assert caller.get("/orders", after).ids[0] == third
    assert caller.get("/orders", after + ".999").ids[0] == third
    before = after.replace("modified_after", "modified_before")
    assert caller.get("/orders", before).ids == [second - 1]


@pytest.mark.parametrize(
    ("time_zone", "form", "finds"),
    [
        ("America/New_York", "{gmt}&dates_are_gmt=true", 1),
        ("America/New_York", "{gmt}Z&dates_are_gmt=true", 3),
        ("America/New_York", "{gmt}Z", 1),
        ("America/New_York", "{gmt}%2B00:00", 1),
        ("America/New_York", "{gmt}", 0),
        ("Asia/Kolkata", "{gmt}&dates_are_gmt=true", 1),
        ("Asia/Kolkata", "{gmt}Z&dates_are_gmt=true", 0),
        ("Asia/Kolkata", "{gmt}Z", 1),
        ("Asia/Kolkata", "{gmt}%2B00:00", 1),
        ("Asia/Kolkata", "{gmt}", 3),
        ("+05:30", "{gmt}", 3),
        ("UTC", "{gmt}Z&dates_are_gmt=true", 1),
    ],
)
def test_a_date_is_read_in_the_shops_zone_unless_flag_and_form_agree(time_zone: str, form: str, finds: int) -> None:
    """As measured on a running shop, in both of its order stores."""
    shop, clock, caller = opened(time_zone=time_zone)
    product = shop.create_product("Mug", Decimal("8.50"))
    for _ in range(2):
        shop.place_order([Item(product)])
        clock.move(30)
    clock.move(3600)
    just_before = clock.at.replace(tzinfo=None).isoformat()
    clock.move()
    shop.place_order([Item(product)])
    assert len(caller.get("/orders", "modified_after=" + form.format(gmt=just_before)).body) == finds


def test_times_come_in_the_shops_zone_and_in_utc_and_say_neither() -> None:
    shop, _, caller = opened(time_zone="Asia/Kolkata")
    order = caller.get(f"/orders/{shop.place_order([Item(shop.create_product('Mug', Decimal(8)))])}").body
    assert (order["date_created"], order["date_created_gmt"]) == ("2026-03-02T17:30:00", "2026-03-02T12:00:00")
    index = Caller(WooCommerceApi(shop), "/wp-json/", {}).get("").body
    assert (index["timezone_string"], index["gmt_offset"]) == ("Asia/Kolkata", 5.5)
    assert "wc/v3" in index["namespaces"]
    unnamed = Caller(WooCommerceApi(opened(time_zone="-03:00")[0]), "/wp-json", {}).get("").body
    assert (unnamed["timezone_string"], unnamed["gmt_offset"]) == ("", "-3")


def test_pages_by_time_of_modification_shift_under_an_edit(shop_of_five: Opened) -> None:
    """Page 1, then an edit of one of its rows, then page 2: a row has moved up past the reader."""
    shop, _, caller = shop_of_five
    query = "orderby=modified&order=asc&per_page=2&page="
    first = caller.get("/orders", query + "1").ids
    shop.edit_meta(first[0], "tracking", "T1")
    rest = [order_id for page in (2, 3) for order_id in caller.get("/orders", f"{query}{page}").ids]
    assert set(shop.orders.ids()) - {*first, *rest} == {shop.orders.ids()[2]}
    assert rest[-1] == first[0]


def test_pages_newest_first_repeat_under_a_new_order(shop_of_five: Opened) -> None:
    shop, _, caller = shop_of_five
    first = caller.get("/orders", "per_page=2").ids
    shop.place_order([Item(shop.products.ids()[0])])
    assert caller.get("/orders", "per_page=2&page=2").ids[0] == first[-1]


def test_ties_come_in_another_order_on_another_page() -> None:
    shop, _, caller = opened(has_stable_ties=False)
    product = shop.create_product("Mug", Decimal("8.50"))
    ids = {shop.place_order([Item(product)]) for _ in range(60)}
    query = "orderby=modified&order=asc&per_page=20&page="
    pages = [caller.get("/orders", f"{query}{page}").ids for page in (1, 2, 3)]
    seen = [order_id for page in pages for order_id in page]
    assert set(seen) < ids
    assert len(seen) == len(ids)
    assert [caller.get("/orders", f"{query}{page}").ids for page in (1, 2, 3)] == pages
    by_id = [
        order_id for page in (1, 2, 3) for order_id in caller.get("/orders", f"orderby=id&per_page=20&page={page}").ids
    ]
    assert by_id == sorted(ids, reverse=True)
    shop.settings.has_stable_ties = True
    stable = [order_id for page in (1, 2, 3) for order_id in caller.get("/orders", f"{query}{page}").ids]
    assert stable == sorted(ids)


def test_ids_are_included_and_excluded_in_every_spelling(shop_of_five: Opened) -> None:
    shop, _, caller = shop_of_five
    one, two, three, *_ = shop.orders.ids()
    for query in (
        f"include={one},{three},99999",
        f"include[]={one}&include[]={three}",
        f"include%5B%5D={one}&include[1]={three}",
    ):
        assert set(caller.get("/orders", query).ids) == {one, three}
    assert caller.get("/orders", f"include={three},{one}&orderby=include").ids == [three, one]
    assert set(caller.get("/orders", f"exclude={one},{two}").ids) == set(shop.orders.ids()) - {one, two}
    # An empty list of ids is no filter at all.
    assert len(caller.get("/orders", "include=").body) == 5


def test_fields_are_picked_and_the_links_go_with_the_rest(shop_of_five: Opened) -> None:
    _, _, caller = shop_of_five
    assert list(caller.get("/orders", "_fields=id,billing.email&per_page=1").body[0]) == ["id", "billing"]
    assert list(caller.get("/orders", "_fields=id,line_items.id&per_page=1").body[0]) == ["id"]
    assert caller.get("/orders", "_fields=billing.email&per_page=1").body == [
        {"billing": {"email": "guest@example.com"}}
    ]


def test_the_trash_and_unregistered_statuses_are_hidden_from_lists(shop_of_five: Opened) -> None:
    shop, _, caller = shop_of_five
    trashed, custom, *others = shop.orders.ids()
    shop.trash_order(trashed)
    shop.settings.statuses.append("packing")
    shop.set_status(custom, "packing")
    for query in ("", "status=any"):
        assert set(caller.get("/orders", query).ids) == {custom, *others}
    assert caller.get("/orders", "status=trash").ids == [trashed]
    assert caller.get("/orders", "status=packing").ids == [custom]
    assert set(caller.get("/orders", "status=packing,trash").ids) == {trashed, custom}
    assert caller.get(f"/orders/{trashed}").body["status"] == "trash"
    assert set(caller.get("/orders", f"include={trashed},{custom}").ids) == {custom}
    shop.settings.statuses.remove("packing")
    assert set(caller.get("/orders").ids) == set(others)
    assert caller.get(f"/orders/{custom}").body["status"] == "packing"
    assert caller.get("/orders", "status=packing").status == 400


def test_customers_know_no_filter_by_date_and_show_one_role() -> None:
    shop, clock, caller = opened()
    customer_id = shop.create_customer("Ada@Example.com", first_name="Ada")
    shop.create_customer("seller@example.com", role="shop_manager")
    clock.move(60)
    query = f"modified_after={clock.at.replace(tzinfo=None).isoformat()}&dates_are_gmt=true"
    assert caller.get("/customers", query).ids == [customer_id]
    assert caller.get("/customers", "modified_after=nonsense").status == 200
    assert caller.get("/customers", "orderby=modified").status == 400
    assert len(caller.get("/customers", "role=all").body) == 3
    assert caller.get("/customers", "role=all&orderby=id&order=asc").body[0]["date_modified_gmt"] is None
    assert caller.get("/customers", "email=ada@example.com").ids == [customer_id]
    assert caller.get("/customers/4711").body["code"] == "woocommerce_rest_invalid_id"


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/orders/9", "woocommerce_rest_shop_order_invalid_id"),
        ("/products/9", "woocommerce_rest_product_invalid_id"),
        ("/coupons/9", "woocommerce_rest_shop_coupon_invalid_id"),
        ("/products/9/variations/9", "woocommerce_rest_product_variation_invalid_id"),
        ("/orders/9/refunds/9", "woocommerce_rest_invalid_order_id"),
        ("/products/categories/9", "woocommerce_rest_term_invalid"),
        ("/nothing", "rest_no_route"),
    ],
)
def test_what_is_not_there_is_404_with_a_code_of_its_own(path: str, code: str) -> None:
    answer = opened()[2].get(path)
    assert (answer.status, answer.body["code"], answer.body["data"]["status"]) == (404, code, 404)


def test_refunds_are_paged_too_and_of_no_order_there_are_none() -> None:
    shop, _, caller = opened()
    order_id = shop.place_order([Item(shop.create_product("Mug", Decimal(50)))])
    ids = [shop.refund(order_id, amount=Decimal(1)) for _ in range(12)]
    assert caller.get(f"/orders/{order_id}/refunds").ids == sorted(ids, reverse=True)[:10]
    assert caller.get("/refunds").headers["X-WP-Total"] == "12"
    assert caller.get("/refunds", "per_page=1").body[0]["parent_id"] == order_id
    assert "parent_id" not in caller.get(f"/orders/{order_id}/refunds").body[0]
    assert caller.get("/orders/4711/refunds").body == []


def test_settings_say_what_the_shop_counts_in() -> None:
    _, _, caller = opened(currency="INR", price_decimals=0, rounds_tax_at_subtotal=True)
    general = {row["id"]: row["value"] for row in caller.get("/settings/general").body}
    assert (general["woocommerce_currency"], general["woocommerce_price_num_decimals"]) == ("INR", "0")
    assert caller.get("/settings/tax/woocommerce_tax_round_at_subtotal").body["value"] == "yes"
    assert caller.get("/settings/none").status == 404


def test_plain_permalinks_carry_the_route_in_the_query(shop_of_five: Opened) -> None:
    shop, _, _ = shop_of_five
    plain = Caller(WooCommerceApi(shop), "/", basic())
    assert len(plain.get("", "rest_route=/wc/v3/orders&per_page=3").body) == 3
    assert plain.get("", "rest_route=/").body["home"] == "https://shop.test"
    shop.settings.has_pretty_permalinks = False
    assert WooCommerceApi(shop)(Request("GET", ROOT + "/orders", "", basic())).status == 404
    shop.settings.has_pretty_permalinks = True
    in_folder = Caller(WooCommerceApi(shop, home="https://shop.test/store"), "/store/wp-json/wc/v3", basic())
    assert len(in_folder.get("/orders").body) == 5


def test_the_report_on_orders_counts_every_registered_status_and_no_trash() -> None:
    shop, _, caller = opened(statuses=["pending", "processing", "packed", "checkout-draft"])
    for status in ("processing", "packed", "packed", "checkout-draft", "unregistered"):
        shop.place_order([], email="guest@example.com", status=status)
    shop.trash_order(shop.orders.ids()[0])
    answer = caller.get("/reports/orders/totals")
    assert answer.body == [
        {"slug": "pending", "name": "Pending payment", "total": 0},
        {"slug": "processing", "name": "Processing", "total": 0},
        {"slug": "packed", "name": "Packed", "total": 2},
        {"slug": "checkout-draft", "name": "Draft", "total": 1},
    ]
    assert "X-WP-Total" not in answer.headers


def test_variations_of_all_products_stand_in_one_list_and_bump_their_products() -> None:
    shop, clock, caller = opened()
    shirt, cap = (shop.create_product(name, None, kind="variable") for name in ("Shirt", "Cap"))
    small, large = (shop.create_variation(shirt, (("Size", size),), Decimal(9)) for size in "SL")
    red = shop.create_variation(cap, (("Colour", "red"),), Decimal(5))
    query = "orderby=id&order=asc"
    assert caller.get("/variations", query).ids == [small, large, red]
    assert caller.get("/variations", f"{query}&parent={cap}").ids == [red]
    assert [row["parent_id"] for row in caller.get("/variations", query).body] == [shirt, shirt, cap]
    before = shop.products[shirt].modified
    clock.move(60)
    shop.update_product(small, price=Decimal(8))
    assert (shop.products[shirt].modified, shop.products[cap].modified) == (before + 60, before)
