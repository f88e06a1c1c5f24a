"""The sandbox's bulk operations: their states, limits, files and ends."""

import json
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from shopify_calls import NOW, POLL, Called, called

from connectors.sandbox.shopify import Item

ORDERS = "{ orders { edges { node { id name lineItems { edges { node { id title } } } } } } }"


@pytest.fixture
def shop() -> Called:
    return called()


def fill(shop: Called, orders: int, lines: int = 2) -> None:
    for _ in range(orders):
        shop.shop.place_order(lines=[Item(price=Decimal(5), title="A / B")] * lines)


def poll(shop: Called, own_id: str) -> dict[str, object]:
    operation: dict[str, object] = shop.data(POLL, id=own_id)["bulkOperation"]
    return operation


def test_an_operation_gets_on_while_it_is_asked_about(shop: Called) -> None:
    fill(shop, 2)
    begun = shop.run(ORDERS)
    assert begun["userErrors"] == []
    assert begun["bulkOperation"]["status"] == "CREATED"
    assert begun["bulkOperation"]["objectCount"] == "0"
    own_id = begun["bulkOperation"]["id"]
    polls = [poll(shop, own_id) for _ in range(4)]
    assert [p["status"] for p in polls] == ["CREATED", "RUNNING", "COMPLETED", "COMPLETED"]
    assert [p["url"] is None for p in polls] == [True, True, False, False]
    done = polls[-1]
    assert (done["objectCount"], done["rootObjectCount"]) == ("6", "2")
    assert done["fileSize"] == str(len(shop.download(str(done["url"]))[2]))
    assert (done["errorCode"], done["partialDataUrl"]) == (None, None)
    assert done["completedAt"] == "2026-09-01T12:00:00Z"


def test_children_follow_their_parent_but_not_next_to_it(shop: Called) -> None:
    fill(shop, 45)
    url = shop.finished(ORDERS)["url"]
    lines = shop.lines(url)
    seen: dict[str, int] = {}
    adjacent = 0
    for place, line in enumerate(lines):
        parent = line.get("__parentId")
        if parent is None:
            seen[line["id"]] = place
        else:
            assert seen[parent] < place
            adjacent += seen[parent] == place - 1
    assert len(seen) == 45
    assert len(lines) == 45 * 3
    assert adjacent <= 2
    assert [line["name"] for line in lines if "name" in line] == [f"#{n}" for n in range(1001, 1046)]


def test_grouped_children_stand_next_to_their_parent(shop: Called) -> None:
    fill(shop, 3)
    lines = shop.lines(shop.finished(ORDERS, group=True)["url"])
    assert ["__parentId" in line for line in lines] == [False, True, True] * 3


def test_slashes_are_escaped_and_nothing_else_is_strange(shop: Called) -> None:
    fill(shop, 1, 1)
    body = shop.download(shop.finished(ORDERS)["url"])[2]
    assert b'"gid:\\/\\/shopify\\/Order\\/' in body
    assert b'"A \\/ B"' in body
    order, line = (json.loads(each) for each in body.splitlines())
    assert line == {"id": line["id"], "title": "A / B", "__parentId": order["id"]}


def test_connections_may_be_two_deep_and_hang_on_an_object(shop: Called) -> None:
    variants = "variants { edges { node { id } } }"
    query = f"{{ collections {{ edges {{ node {{ id products {{ edges {{ node {{ id {variants} }} }} }} }} }} }} }}"
    lines = shop.lines(shop.finished(query)["url"])
    kinds = [line["id"].split("/")[3] for line in lines]
    assert {"Collection", "Product", "ProductVariant"} == set(kinds)
    by_id = {line["id"]: line for line in lines}
    variant = next(line for line in lines if "ProductVariant" in line["id"])
    assert "Collection" in by_id[by_id[variant["__parentId"]]["__parentId"]]["id"]
    customer = shop.shop.add_customer(email="a@example.com")
    for _ in range(2):
        shop.shop.place_order(lines=[Item(price=Decimal(5))], customer=customer.id)
    query = "{ orders { edges { node { id customer { id addressesV2 { edges { node { id } } } } } } } }"
    lines = shop.lines(shop.finished(query)["url"])
    assert [line["__parentId"] for line in lines if "__parentId" in line] == [lines[0]["id"], lines[1]["id"]]


def test_a_filter_holds_for_an_operation_and_a_window_does_not(shop: Called) -> None:
    fill(shop, 3)
    shop.shop.place_order(lines=[Item(price=Decimal(5))], test=True)
    operation = shop.finished('{ orders(first: 1, query: "test:false") { edges { node { id } } } }')
    assert operation["objectCount"] == "3"


def test_nothing_found_has_no_file(shop: Called) -> None:
    operation = shop.finished(ORDERS)
    assert (operation["status"], operation["url"], operation["objectCount"]) == ("COMPLETED", None, "0")
    assert operation["partialDataUrl"] is None


def test_the_sixth_at_once_is_refused_by_name(shop: Called) -> None:
    ids = [shop.run(ORDERS)["bulkOperation"]["id"] for _ in range(5)]
    refused = shop.run(ORDERS)
    message = f"A bulk query operation for this app and shop is already in progress: {', '.join(ids)}."
    assert refused == {
        "bulkOperation": None,
        "userErrors": [{"field": None, "message": message, "code": "OPERATION_IN_PROGRESS"}],
    }
    for _ in range(3):
        poll(shop, ids[2])
    assert shop.run(ORDERS)["userErrors"] == []


@pytest.mark.parametrize(
    ("fault", "status", "code", "has_part"),
    [
        ("bulk_failed", "FAILED", "INTERNAL_SERVER_ERROR", True),
        ("bulk_timeout", "FAILED", "TIMEOUT", True),
        ("bulk_denied", "FAILED", "ACCESS_DENIED", False),
        ("bulk_canceled", "CANCELED", None, True),
        ("bulk_expired", "EXPIRED", None, False),
    ],
)
def test_operations_end_badly_on_request(
    shop: Called, fault: str, status: str, code: str | None, has_part: bool
) -> None:
    fill(shop, 10)
    operation = shop.finished(ORDERS, fault=fault)
    assert (operation["status"], operation["errorCode"], operation["url"]) == (status, code, None)
    if has_part:
        lines = shop.lines(operation["partialDataUrl"])
        assert 0 < len([line for line in lines if "__parentId" not in line]) < 10
        assert operation["objectCount"] == str(len(lines))
    else:
        assert operation["partialDataUrl"] is None


def test_an_operation_can_be_stuck_and_can_be_canceled(shop: Called) -> None:
    fill(shop, 2)
    own_id = shop.run(ORDERS, fault="bulk_stuck")["bulkOperation"]["id"]
    assert [poll(shop, own_id)["status"] for _ in range(5)] == ["CREATED"] + ["RUNNING"] * 4
    cancel = "mutation($id: ID!) { bulkOperationCancel(id: $id) { bulkOperation { status } userErrors { message } } }"
    answer = shop.data(cancel, id=own_id)["bulkOperationCancel"]
    assert answer == {"bulkOperation": {"status": "CANCELING"}, "userErrors": []}
    assert poll(shop, own_id)["status"] == "CANCELED"
    assert shop.data(cancel, id=own_id)["bulkOperationCancel"]["userErrors"] != []


def test_addresses_of_results_expire(shop: Called) -> None:
    fill(shop, 1)
    url = shop.finished(ORDERS)["url"]
    shop.clock.move(timedelta(days=7).total_seconds() - 1)
    assert shop.download(url)[0] == 200
    shop.clock.move(1)
    status, _, body = shop.download(url)
    assert status == 403
    assert b"<Code>ExpiredToken</Code>" in body
    assert shop.download(url.rpartition("=")[0] + "=forged")[0] == 403


def test_results_can_be_had_in_parts(shop: Called) -> None:
    fill(shop, 5)
    url = shop.finished(ORDERS)["url"]
    status, headers, whole = shop.download(url)
    assert (status, headers["Accept-Ranges"], headers["Content-Length"]) == (200, "bytes", str(len(whole)))
    status, headers, part = shop.download(url, {"range": "bytes=7-11"})
    assert (status, part) == (206, whole[7:12])
    assert headers["Content-Range"] == f"bytes 7-11/{len(whole)}"
    assert shop.download(url, {"range": f"bytes={len(whole)}-"})[0] == 416


def test_what_it_has_not_reached_can_still_change(shop: Called) -> None:
    fill(shop, 3)
    own_id = shop.run(ORDERS)["bulkOperation"]["id"]
    shop.shop.delete_order(next(iter(shop.shop.orders)).id)
    polls = [poll(shop, own_id) for _ in range(3)]
    assert polls[-1]["rootObjectCount"] == "2"


def test_operations_are_listed(shop: Called) -> None:
    own_id = shop.run(ORDERS)["bulkOperation"]["id"]
    assert shop.data("{ bulkOperations(first: 5) { nodes { id } } currentBulkOperation { id } }") == {
        "bulkOperations": {"nodes": [{"id": own_id}]},
        "currentBulkOperation": {"id": own_id},
    }


def test_a_large_shop_s_file_is_written_in_parts(shop: Called) -> None:
    def names() -> Iterator[str]:
        for number in range(5_050):
            yield shop.shop.place_order(lines=[], ordered_at=NOW - timedelta(minutes=number)).name

    count = len(list(names()))
    own_id = shop.run("{ orders { edges { node { id } } } }")["bulkOperation"]["id"]
    polls = [poll(shop, own_id) for _ in range(4)]
    assert [p["rootObjectCount"] for p in polls] == ["0", "5000", str(count), str(count)]
    assert polls[-1]["status"] == "COMPLETED"
