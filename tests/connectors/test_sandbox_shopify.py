"""The sandbox's API refuses, versions, hides and throttles as the real one does."""

import json
from collections.abc import Iterator
from decimal import Decimal
from http.client import IncompleteRead
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request as HttpRequest
from urllib.request import urlopen

import pytest
from shopify_calls import Called, called, dollars

from connectors.sandbox.faults import Fault, Request
from connectors.sandbox.serving import Reply
from connectors.sandbox.shopify import Item, RunningShop, running_shopify


@pytest.fixture
def shop() -> Called:
    return called()


def fields(reply: Reply) -> Any:
    assert isinstance(reply.body, bytes)
    return json.loads(reply.body)


# The document


def test_aliases_fragments_and_directives(shop: Called) -> None:
    order = shop.shop.place_order(lines=[Item(price=Decimal("9.99"))], note="hello")
    query = """
        query Q($id: ID!, $no: Boolean!, $yes: Boolean = true) {
          mine: order(id: $id) {
            ...Parts id @skip(if: $yes) ... on Order @include(if: $yes) { note } tags @include(if: $no)
          }
        }
        fragment Parts on Order { title: name total: totalPriceSet { shop: shopMoney { a: amount } } ... { name } }
    """
    assert shop.data(query, id=f"gid://shopify/Order/{order.id}", no=False) == {
        "mine": {"title": "#1001", "total": {"shop": {"a": "9.99"}}, "name": "#1001", "note": "hello"}
    }


def test_mentions_of_one_field_are_merged(shop: Called) -> None:
    shop.shop.place_order(lines=[Item(price=Decimal(5))])
    data = shop.data("{ orders(first: 1) { nodes { id } nodes { name totalPriceSet { shopMoney { amount } } } } }")
    assert sorted(data["orders"]["nodes"][0]) == ["id", "name", "totalPriceSet"]


@pytest.mark.parametrize(
    ("query", "message", "code"),
    [
        ("{ shop { naem } }", "Field 'naem' doesn't exist on type 'Shop'", "undefinedField"),
        (
            "{ orders(first: 1, colour: 2) { nodes { id } } }",
            "Field 'orders' doesn't accept argument 'colour'",
            "argumentNotAccepted",
        ),
        ("{ order { id } }", "Field 'order' is missing required arguments: id", "missingRequiredArguments"),
        ('{ order(id: "12") { id } }', "Invalid global id '12'", "argumentLiteralsIncompatible"),
        (
            "{ orders(first: 1, sortKey: NEWEST) { nodes { id } } }",
            "Argument 'sortKey' on Field 'orders' has an invalid value (NEWEST). Expected type 'OrderSortKeys'.",
            "argumentLiteralsIncompatible",
        ),
        ("query Q($x: Int) { shop { name } }", "Variable $x is declared by Q but not used", "variableNotUsed"),
        (
            "query Q { orders(first: $n) { nodes { id } } }",
            "Variable $n is used by Q but not declared",
            "variableNotDefined",
        ),
        (
            "query Q($n: String) { orders(first: $n) { nodes { id } } }",
            "Type mismatch on variable $n and argument first (String / Int)",
            "variableMismatch",
        ),
        (
            "{ shop { name { first } } }",
            "Selections can't be made on scalars (field 'name' returns String but has selections [\"first\"])",
            "selectionMismatch",
        ),
        (
            '{ node(id: "gid://shopify/Order/1") { ... on Ordre { id } } }',
            "No such type Ordre, so it can't be a fragment condition",
            "undefinedType",
        ),
    ],
)
def test_what_does_not_fit_the_schema_is_refused_without_a_cost(
    shop: Called, query: str, message: str, code: str
) -> None:
    answer = shop.answer(query)
    assert (answer["errors"][0]["message"], answer["errors"][0]["extensions"]["code"]) == (message, code)
    assert set(answer) == {"errors"}
    assert shop.api.bucket.available == shop.api.bucket.maximum


def test_a_variable_that_does_not_fit_is_refused(shop: Called) -> None:
    [error] = shop.errors("query Q($id: ID!) { order(id: $id) { id } }")
    assert error["message"] == "Variable $id of type ID! was provided invalid value"
    assert error["extensions"]["problems"] == [{"path": [], "explanation": "Expected value to not be null"}]
    [error] = shop.errors("query Q($n: Int) { orders(first: $n) { nodes { id } } }", n="5")
    assert error["extensions"]["code"] == "INVALID_VARIABLE"


def test_a_broken_document_is_a_syntax_error(shop: Called) -> None:
    assert shop.errors("{ shop { name }")[0]["message"] == "syntax error, unexpected end of file"


def test_several_operations_need_a_name(shop: Called) -> None:
    body = {"query": "query A { shop { name } } query B { shop { id } }", "operationName": "A"}
    assert fields(shop.post(json.dumps(body).encode()))["data"] == {"shop": {"name": "Sandbox"}}
    assert fields(shop.post(json.dumps({**body, "operationName": "C"}).encode()))["errors"] == [
        {"message": 'No operation named "C"'}
    ]


def test_an_id_of_another_kind_is_not_found(shop: Called) -> None:
    answer = shop.answer('{ order(id: "gid://shopify/Product/1") { id } shop { name } }')
    assert answer["errors"][0]["message"] == "Invalid id: gid://shopify/Product/1"
    assert answer["errors"][0]["extensions"] == {"code": "RESOURCE_NOT_FOUND"}
    assert answer["data"] == {"order": None, "shop": {"name": "Sandbox"}}


def test_nodes_keep_the_place_of_what_is_gone(shop: Called) -> None:
    customer = shop.shop.add_customer(email="a@example.com")
    ids = [f"gid://shopify/Customer/{customer.id}", "gid://shopify/Order/5", "gid://shopify/Product/7"]
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { id __typename ... on Customer { email } } }"
    assert shop.data(query, ids=ids)["nodes"] == [
        {"id": ids[0], "__typename": "Customer", "email": "a@example.com"},
        None,
        None,
    ]


def test_a_body_that_is_no_query_is_a_bad_request(shop: Called) -> None:
    for body in (b"", b"[]", b'{"q": 1}'):
        reply = shop.post(body)
        assert reply.status == 400
        assert fields(reply) == {"errors": {"query": "Required parameter missing or invalid"}}


# Versions


def test_the_reply_tells_which_version_answered(shop: Called) -> None:
    body = b'{"query": "{ shop { name } }"}'
    versions = {"2026-07": "2026-07", "2024-01": "2025-10", "unstable": "unstable"}
    for asked, answered in versions.items():
        assert shop.post(body, version=asked).headers["X-Shopify-API-Version"] == answered
    for unknown in ("2031-01", "2026-05", "latest"):
        reply = shop.post(body, version=unknown)
        assert (reply.status, fields(reply)) == (404, {"errors": "Not Found"})


# The points


def test_points_are_spent_and_restored_on_the_shop_s_clock(shop: Called) -> None:
    cost = shop.answer("{ shop { name } }")["extensions"]["cost"]
    status = {"maximumAvailable": 2000, "currentlyAvailable": 1999, "restoreRate": 100}
    assert cost == {"requestedQueryCost": 1, "actualQueryCost": 1, "throttleStatus": status}
    query = "{ orders(first: 250) { nodes { id lineItems(first: 100) { nodes { id } } } } }"
    wanted = 2 + 11 * (1 + 2 + 9)
    shop.shop.place_order(lines=[Item(price=Decimal(5))])
    spent = 0
    while True:
        answer = shop.answer(query)
        cost = answer["extensions"]["cost"]
        assert cost["requestedQueryCost"] == wanted
        if "errors" in answer:
            break
        spent += cost["actualQueryCost"]
        assert cost["throttleStatus"]["currentlyAvailable"] == 1999 - spent
    assert answer["errors"][0]["message"] == "Throttled"
    assert answer["errors"][0]["extensions"]["code"] == "THROTTLED"
    assert "data" not in answer
    assert cost["actualQueryCost"] is None
    missing = wanted - cost["throttleStatus"]["currentlyAvailable"]
    assert missing > 0
    shop.clock.move((missing - 0.5) / 100)
    assert "errors" in shop.answer(query)
    shop.clock.move(0.01)
    assert "errors" not in shop.answer(query)
    shop.clock.move(1000)
    assert shop.answer("{ shop { name } }")["extensions"]["cost"]["throttleStatus"]["currentlyAvailable"] == 1999


@pytest.mark.parametrize(("plan", "rate"), [("standard", 100), ("advanced", 200), ("plus", 1000), ("enterprise", 2000)])
def test_the_plan_decides_the_rate(plan: str, rate: int) -> None:
    status = called(plan=plan).answer("{ shop { name } }")["extensions"]["cost"]["throttleStatus"]
    assert (status["restoreRate"], status["maximumAvailable"]) == (rate, rate * 20)


def test_a_query_may_not_be_too_expensive(shop: Called) -> None:
    lines = "lineItems(first: 250) { nodes { variant { product { id } } } }"
    refunds = "refunds { refundLineItems(first: 250) { nodes { lineItem { variant { product { id } } } } } }"
    query = f"{{ orders(first: 250) {{ nodes {{ {lines} again: {lines} {refunds} }} }} }}"
    [error] = shop.errors(query)
    assert error["extensions"]["code"] == "MAX_COST_EXCEEDED"
    assert error["extensions"]["maxCost"] == 1000
    assert error["extensions"]["cost"] > 1000
    assert error["message"].startswith(f"Query cost is {error['extensions']['cost']}, which exceeds the single query")


# Over HTTP


@pytest.fixture
def running(shop: Called) -> Iterator[RunningShop]:
    with running_shopify(shop.shop, access=shop.api.access) as served:
        yield served


def ask(served: RunningShop, token: str, query: str) -> tuple[dict[str, str], Any]:
    headers = {"X-Shopify-Access-Token": token, "Content-Type": "application/json"}
    url = f"{served.url}/admin/api/2026-07/graphql.json"
    with urlopen(HttpRequest(url, json.dumps({"query": query}).encode(), headers), timeout=10) as response:
        return dict(response.headers), json.load(response)


def test_it_answers_over_http(shop: Called, running: RunningShop) -> None:
    headers, answer = ask(running, shop.token, "{ shop { name } }")
    assert answer["data"] == {"shop": {"name": "Sandbox"}}
    assert headers["X-Shopify-API-Version"] == "2026-07"
    assert headers["Date"] == "Tue, 01 Sep 2026 12:00:00 GMT"


def test_it_plays_shopify_s_own_faults(shop: Called, running: RunningShop) -> None:
    running.faults.add(Fault(name="throttled"), Fault(name="internal_error"))
    assert ask(running, shop.token, "{ shop { name } }")[1]["errors"][0]["extensions"]["code"] == "THROTTLED"
    error = ask(running, shop.token, "{ shop { name } }")[1]["errors"][0]
    assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert error["message"].startswith("Internal error. Looks like something went wrong on our end.")


def test_the_shop_changes_between_two_pages(shop: Called, running: RunningShop) -> None:
    first, _ = [shop.shop.place_order(lines=[Item(price=Decimal(n))]) for n in (5, 6)]

    def edit(request: Request) -> None:
        if b"cursor" in request.body:
            shop.shop.edit_order(first.id, add=[Item(price=Decimal(1))])

    running.faults.before_each = edit
    query = "{ orders(first: 2, sortKey: ID) { edges { cursor node { totalPriceSet { shopMoney { amount } } } } } }"
    edges = ask(running, shop.token, query)[1]["data"]["orders"]["edges"]
    assert [dollars(edge["node"]["totalPriceSet"]) for edge in edges] == [6, 6]


def test_results_come_over_http_with_their_length_and_by_ranges(shop: Called, running: RunningShop) -> None:
    for _ in range(3):
        shop.shop.place_order(lines=[Item(price=Decimal(5))])
    query = "{ orders { edges { node { id } } } }"
    run = f'mutation {{ bulkOperationRunQuery(query: "{query}") {{ bulkOperation {{ id }} }} }}'
    own_id = ask(running, shop.token, run)[1]["data"]["bulkOperationRunQuery"]["bulkOperation"]["id"]
    url = None
    while url is None:
        poll = f'{{ bulkOperation(id: "{own_id}") {{ url }} }}'
        url = ask(running, shop.token, poll)[1]["data"]["bulkOperation"]["url"]
    assert url.startswith(running.url)
    with urlopen(url, timeout=10) as response:
        whole = response.read()
        assert int(response.headers["Content-Length"]) == len(whole)
    with urlopen(HttpRequest(url, headers={"Range": "bytes=10-"}), timeout=10) as response:
        assert response.status == 206
        assert response.headers["Content-Range"] == f"bytes 10-{len(whole) - 1}/{len(whole)}"
        assert response.read() == whole[10:]


def test_a_download_that_breaks_off_can_be_taken_up(shop: Called, running: RunningShop) -> None:
    for _ in range(50):
        shop.shop.place_order(lines=[Item(price=Decimal(5))])
    shop.api = running.api
    url = shop.finished("{ orders { edges { node { id } } } }")["url"].replace("http://shop.test", running.url)
    running.faults.add(Fault(cuts_after=100), path="bulk-operation-outputs")
    with urlopen(url, timeout=10) as response, pytest.raises(IncompleteRead) as caught:
        response.read()
    part = caught.value.partial
    with urlopen(HttpRequest(url, headers={"Range": f"bytes={len(part)}-"}), timeout=10) as response:
        whole = part + response.read()
    assert whole.count(b"\n") == 50
    running.faults.add(Fault(name="expired_url"), path="bulk-operation-outputs")
    with pytest.raises(HTTPError) as refused:
        urlopen(url, timeout=10)
    assert refused.value.code == 403
    refused.value.close()
    assert [exchange.status for exchange in running.log] == [200, 206, 403]
