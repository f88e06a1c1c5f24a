"""The sandbox's lists: pages that shift while records change, filters with their habits, and an index that lags."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shopify_calls import NOW, Called, called

from connectors.sandbox.shopify import Item
from connectors.sandbox.shopify.lists import ORDER_SEARCH
from connectors.sandbox.shopify.search import prepared

PAGES = """
query(
  $first: Int, $last: Int, $after: String, $before: String, $query: String, $reverse: Boolean, $sort: OrderSortKeys
) {
  orders(first: $first, last: $last, after: $after, before: $before, query: $query, reverse: $reverse, sortKey: $sort) {
    edges { cursor node { name } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
"""


def place(shop: Called, **settings: Any) -> str:
    return shop.shop.place_order(lines=[Item(price=Decimal(10))], **settings).name


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()[:19] + "Z"


def walked(shop: Called, size: int, **arguments: Any) -> list[str]:
    """All names, page by page."""
    names: list[str] = []
    after = None
    while True:
        page = shop.data(PAGES, first=size, after=after, **arguments)["orders"]
        names += [edge["node"]["name"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            return names
        after = page["pageInfo"]["endCursor"]


@pytest.fixture
def shop() -> Called:
    return called()


# Pages


@given(
    moments=st.lists(st.integers(0, 4), max_size=12),
    size=st.integers(1, 5),
    reverse=st.booleans(),
    sort=st.sampled_from(["ID", "CREATED_AT", "UPDATED_AT", "PROCESSED_AT"]),
)
def test_pages_of_any_size_are_the_list(moments: list[int], size: int, reverse: bool, sort: str) -> None:
    shop = called(is_stocked=False)
    names = [place(shop, ordered_at=NOW - timedelta(seconds=n)) for n in moments]
    keys = range(len(names)) if sort == "ID" else [-n for n in moments]
    expected = [name for _, _, name in sorted(zip(keys, range(len(names)), names, strict=True), reverse=reverse)]
    assert walked(shop, size, sort=sort, reverse=reverse) == expected
    # From the end, page before page.
    found: list[str] = []
    before = None
    while True:
        page = shop.data(PAGES, last=size, before=before, sort=sort, reverse=reverse)["orders"]
        found = [edge["node"]["name"] for edge in page["edges"]] + found
        if not page["pageInfo"]["hasPreviousPage"]:
            break
        before = page["pageInfo"]["startCursor"]
    assert found == expected


def test_page_info_says_what_lies_on_both_sides(shop: Called) -> None:
    for _ in range(3):
        place(shop)
    first = shop.data(PAGES, first=2, sort="ID")["orders"]["pageInfo"]
    assert (first["hasNextPage"], first["hasPreviousPage"]) == (True, False)
    second = shop.data(PAGES, first=2, sort="ID", after=first["endCursor"])["orders"]["pageInfo"]
    assert (second["hasNextPage"], second["hasPreviousPage"]) == (False, True)
    empty = shop.data(PAGES, first=2, query="id:1")["orders"]["pageInfo"]
    assert empty == {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None}


def test_an_order_that_changes_between_two_pages_moves_to_the_end(shop: Called) -> None:
    names = [place(shop, ordered_at=NOW - timedelta(hours=5 - n)) for n in range(4)]
    page = shop.data(PAGES, first=2, sort="UPDATED_AT")["orders"]
    assert [edge["node"]["name"] for edge in page["edges"]] == names[:2]
    shop.shop.change_order(next(iter(shop.shop.orders)).id, note="changed")
    rest = shop.data(PAGES, first=9, sort="UPDATED_AT", after=page["pageInfo"]["endCursor"])["orders"]
    assert [edge["node"]["name"] for edge in rest["edges"]] == [*names[2:], names[0]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "you must provide one of first or last"),
        ({"first": 1, "last": 1}, "providing both first and last is not supported"),
        ({"first": 251}, "first cannot exceed 250"),
        ({"first": 1, "after": "bm8="}, "Invalid cursor for current pagination sort: bm8="),
    ],
)
def test_a_window_that_makes_no_sense_fails_the_whole_query(
    shop: Called, arguments: dict[str, Any], message: str
) -> None:
    place(shop)
    answer = shop.answer(PAGES, **arguments)
    assert answer["data"] is None
    assert answer["errors"][0]["message"] == message
    assert answer["errors"][0]["path"] == ["orders"]


def test_the_lines_of_an_order_have_pages_too(shop: Called) -> None:
    order = shop.shop.place_order(lines=[Item(price=Decimal(n)) for n in range(1, 8)])
    query = """query($id: ID!, $after: String) { order(id: $id) { lineItems(first: 3, after: $after) {
        nodes { id } pageInfo { hasNextPage endCursor } } } }"""
    found, after = [], None
    while True:
        page = shop.data(query, id=f"gid://shopify/Order/{order.id}", after=after)["order"]["lineItems"]
        found += [node["id"] for node in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert found == [f"gid://shopify/LineItem/{line.id}" for line in order.lines]


def test_all_kinds_of_records_are_listed_and_counted(shop: Called) -> None:
    shop.shop.add_customer(email="a@example.com")
    shop.shop.begin_checkout(lines=[Item(price=Decimal(5))])
    shop.shop.add_discount("Ten", codes=["TEN"], percentage=Decimal(10))
    place(shop)
    for name, count in {
        "orders": 1,
        "customers": 1,
        "products": 6,
        "collections": 9,
        "discountNodes": 1,
        "abandonedCheckouts": 1,
    }.items():
        data = shop.data(f"{{ {name}(first: 50) {{ nodes {{ id }} }} {name}Count {{ count precision }} }}")
        assert len(data[name]["nodes"]) == count
        assert data[f"{name}Count"] == {"count": count, "precision": "EXACT"}
    assert shop.data("{ productsCount(limit: 4) { count precision } }")["productsCount"] == {
        "count": 4,
        "precision": "AT_LEAST",
    }


# Filters


def test_bounds_are_taken_in(shop: Called) -> None:
    names = [place(shop, ordered_at=NOW - timedelta(seconds=n)) for n in (2, 1, 0)]
    at = stamp(NOW - timedelta(seconds=1))
    assert shop.names(f"updated_at:>='{at}'") == names[1:]
    assert shop.names(f"updated_at:>'{at}'") == names[1:]
    assert shop.names(f"updated_at:<'{at}'") == names[:2]
    assert shop.names(f"updated_at:'{at}'") == names[1:2]
    assert shop.names(f"updated_at:>='{at}' AND updated_at:<='{at}'") == names[1:2]


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kolkata"])
def test_a_timestamp_without_quotes_or_with_an_offset_is_cut_to_the_day(zone: str) -> None:
    shop = called(time_zone=zone)
    midnight = datetime(2026, 8, 31, tzinfo=ZoneInfo(zone))
    names = [place(shop, ordered_at=midnight + timedelta(hours=n)) for n in (-1, 1, 9)]
    at = midnight + timedelta(hours=5)
    assert shop.names(f"created_at:>='{stamp(at)}'") == names[2:]
    assert shop.names(f"created_at:>={at.date()}T05:00:00Z") == names[1:]
    assert shop.names(f"created_at:>='{at.isoformat()}'") == names[1:]
    assert shop.names(f"created_at:{at.date()}") == names[1:]


def test_filters_combine(shop: Called) -> None:
    customer = shop.shop.add_customer(email="a@example.com")
    plain, test, tagged = (
        place(shop, customer=customer.id),
        place(shop, test=True),
        place(shop, tags=("gift", "vip"), email="b@example.com"),
    )
    shop.shop.cancel(next(order.id for order in shop.shop.orders if order.name == plain))
    finds = {
        "test:true": [test],
        "test:false": [plain, tagged],
        "tag:gift": [tagged],
        "tag:gift OR test:true": [test, tagged],
        "NOT test:true": [plain, tagged],
        "-test:true tag:vip": [tagged],
        "(tag:gift OR test:true) AND status:open": [test, tagged],
        "status:cancelled": [plain],
        "status:any": [plain, test, tagged],
        "financial_status:refunded": [plain],
        "financial_status:paid": [test, tagged],
        f"customer_id:{customer.id}": [plain],
        "email:b@example.com": [tagged],
        "name:#1001": [plain],
        "name:1001": [plain],
        "email:b*": [tagged],
        "1002": [test],
        "": [plain, test, tagged],
    }
    assert {query: shop.names(query) for query in finds} == finds


def test_an_id_can_be_a_bound(shop: Called) -> None:
    names = [place(shop) for _ in range(3)]
    second = list(shop.shop.orders)[1].id
    assert shop.names(f"id:>={second}") == names[1:]
    assert shop.names(f"id:{second}") == names[1:2]
    assert shop.names(f"id:gid://shopify/Order/{second}") == names[1:2]


def test_a_term_on_an_unknown_field_is_left_out_with_a_warning(shop: Called) -> None:
    name = place(shop)
    answer = shop.answer('{ orders(first: 5, query: "colour:red") { nodes { name } } }')
    assert answer["data"]["orders"]["nodes"] == [{"name": name}]
    [search] = answer["extensions"]["search"]
    message = "Invalid search field for this query."
    assert search["warnings"] == [{"field": "colour", "message": message, "code": "invalid_field"}]
    answer = shop.answer('{ orders(first: 5, query: "financial_status:rich") { nodes { name } } }')
    assert answer["data"]["orders"]["nodes"] == []
    assert answer["extensions"]["search"][0]["warnings"][0]["code"] == "invalid_value"


def test_a_timestamp_that_is_none_fails_the_query(shop: Called) -> None:
    answer = shop.answer('{ orders(first: 1, query: "updated_at:soon") { nodes { id } } }')
    assert answer["data"] is None
    assert answer["errors"][0]["message"] == "Invalid timestamp for query filter `updated_at`."


def test_customers_and_products_are_filtered_by_their_own_fields(shop: Called) -> None:
    for number in range(3):
        shop.shop.add_customer(email=f"c{number}@example.com", created_at=NOW - timedelta(days=number))
    query = f"updated_at:>='{stamp(NOW - timedelta(days=1))}'"
    data = shop.data(
        "query($q: String) { customers(first: 9, query: $q, sortKey: UPDATED_AT) { nodes { email } } "
        'products(first: 9, query: "gift_card:true") { nodes { title } } }',
        q=query,
    )
    assert [node["email"] for node in data["customers"]["nodes"]] == ["c1@example.com", "c0@example.com"]
    assert data["products"]["nodes"] == [{"title": "Gift Card"}]


@given(st.text("ab:'\"()<>=-*\\ ORANDT:0123456789", max_size=30))
def test_no_query_breaks_the_search(text: str) -> None:
    fields = {name: searched for name, searched in ORDER_SEARCH.items() if searched.kind != "time"}
    prepared(text, fields, UTC)


# The index


def test_a_filtered_list_learns_of_changes_later(shop: Called) -> None:
    shop.shop.lag(30)
    old = place(shop, ordered_at=NOW - timedelta(hours=1))
    shop.clock.move(60)
    first = next(iter(shop.shop.orders))
    shop.shop.change_order(first.id, note="changed")
    new = shop.shop.place_order(lines=[Item(price=Decimal(5))])
    recent = f"updated_at:>='{stamp(NOW)}'"
    shop.clock.move(29)
    assert shop.names(recent) == []
    assert shop.names(f"updated_at:<='{stamp(NOW)}'") == [old]
    # A look at the id, and a list without a filter, know.
    data = shop.data("query($id: ID!) { order(id: $id) { note } }", id=f"gid://shopify/Order/{first.id}")
    assert data["order"] == {"note": "changed"}
    assert shop.names("") == [old, new.name]
    shop.clock.move(1)
    assert shop.names(recent, "first: 9, sortKey: UPDATED_AT") == [old, new.name]


def test_what_the_index_holds_is_an_old_time_of_a_live_record(shop: Called) -> None:
    shop.shop.lag(10)
    place(shop, ordered_at=NOW - timedelta(hours=1))
    shop.clock.move(60)
    order = next(iter(shop.shop.orders))
    for note in ("one", "two"):
        shop.shop.change_order(order.id, note=note)
        shop.clock.move(6)
    query = "query($q: String) { orders(first: 1, query: $q) { nodes { note updatedAt } } }"
    # The first change is known by now, the second is not; the record is as it is all the same.
    after = f"updated_at:>='{stamp(NOW + timedelta(seconds=1))}'"
    [node] = shop.data(query, q=after)["orders"]["nodes"]
    assert node == {"note": "two", "updatedAt": stamp(order.updated_at)}


def test_what_is_deleted_is_gone_from_every_list(shop: Called) -> None:
    shop.shop.lag(30)
    place(shop)
    shop.clock.move(60)
    shop.shop.delete_order(next(iter(shop.shop.orders)).id)
    assert shop.names("test:false") == shop.names("") == []


@given(seed=st.integers(0, 10**6))
def test_an_index_that_caught_up_is_the_list(seed: int) -> None:
    random = Random(seed)
    shop = called(is_stocked=False)
    for _ in range(25):
        shop.shop.lag(random.choice([0, 5, 20]))
        orders = list(shop.shop.orders)
        if not orders or random.random() < 0.5:
            place(shop)
        elif random.random() < 0.7:
            shop.shop.change_order(random.choice(orders).id, note="changed")
        else:
            shop.shop.delete_order(random.choice(orders).id)
        shop.clock.move(random.choice([0, 1, 7]))
        shop.names("test:false", "first: 5, sortKey: UPDATED_AT")
    shop.clock.move(60)
    expected = [o.name for o in sorted(shop.shop.orders, key=lambda o: (o.updated_at, o.id))]
    assert shop.names("test:false", "first: 250, sortKey: UPDATED_AT") == expected
    assert shop.names("", "first: 250, sortKey: UPDATED_AT") == expected
