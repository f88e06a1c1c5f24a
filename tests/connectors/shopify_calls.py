"""What the tests of the Shopify sandbox share: a clock that is set, and queries without HTTP."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sandbox_calls import Clock

from connectors.sandbox.catalogue import generated_catalogue
from connectors.sandbox.faults import Request
from connectors.sandbox.serving import Reply
from connectors.sandbox.shopify import Access, Shop, ShopifyApi
from connectors.sandbox.shopify.context import ALL_PROTECTED_DATA, ALL_SCOPES

VERSION = "2026-07"
NOW = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)
POLL = """query($id: ID!) { bulkOperation(id: $id) {
  id status errorCode objectCount rootObjectCount fileSize url partialDataUrl completedAt
} }"""
RUN = """mutation($query: String!, $group: Boolean! = false) {
  bulkOperationRunQuery(query: $query, groupObjects: $group) {
    bulkOperation { id status objectCount url }
    userErrors { field message code }
  }
}"""


@dataclass
class Called:
    """A shop, its API and an app that asks it."""

    shop: Shop
    api: ShopifyApi
    clock: Clock
    token: str
    version: str = VERSION

    def post(self, body: bytes, *, fault: str = "", token: str | None = None, version: str | None = None) -> Reply:
        headers = {"host": "shop.test", "x-shopify-access-token": self.token if token is None else token}
        path = f"/admin/api/{version or self.version}/graphql.json"
        return self.api(Request("POST", path, headers=headers, body=body, fault=fault))

    def answer(self, document: str, *, fault: str = "", **variables: Any) -> dict[str, Any]:
        reply = self.post(json.dumps({"query": document, "variables": variables}).encode(), fault=fault)
        assert isinstance(reply.body, bytes)
        assert reply.status == 200, reply.body
        answer: dict[str, Any] = json.loads(reply.body)
        return answer

    def data(self, document: str, **variables: Any) -> dict[str, Any]:
        answer = self.answer(document, **variables)
        assert "errors" not in answer, answer["errors"]
        data: dict[str, Any] = answer["data"]
        return data

    def errors(self, document: str, **variables: Any) -> list[dict[str, Any]]:
        errors: list[dict[str, Any]] = self.answer(document, **variables).get("errors", [])
        return errors

    def names(self, query: str, arguments: str = "first: 250") -> list[str]:
        """The names of the orders that a search finds, in the list's order."""
        data = self.data(f"query($q: String) {{ orders({arguments}, query: $q) {{ nodes {{ name }} }} }}", q=query)
        return [node["name"] for node in data["orders"]["nodes"]]

    def run(self, query: str, *, fault: str = "", group: bool = False) -> dict[str, Any]:
        """Begin a bulk operation; what the mutation answers."""
        data = self.answer(RUN, query=query, group=group, fault=fault)["data"]
        begun: dict[str, Any] = data["bulkOperationRunQuery"]
        return begun

    def finished(self, query: str, *, fault: str = "", group: bool = False) -> dict[str, Any]:
        """A bulk operation at its end."""
        begun = self.run(query, fault=fault, group=group)
        assert begun["userErrors"] == []
        for _ in range(100):
            operation: dict[str, Any] = self.data(POLL, id=begun["bulkOperation"]["id"])["bulkOperation"]
            if operation["status"] not in {"CREATED", "RUNNING", "CANCELING"}:
                return operation
        raise AssertionError(operation)

    def download(self, url: str, headers: dict[str, str] | None = None) -> tuple[int, dict[str, str], bytes]:
        path, _, query = url.partition("://")[2].partition("/")[2].partition("?")
        reply = self.api(Request("GET", f"/{path}", query, headers or {}))
        body = reply.body if isinstance(reply.body, bytes) else b"".join(reply.body)
        return reply.status, dict(reply.headers), body

    def lines(self, url: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.download(url)[2].splitlines()]


def called(
    *,
    scopes: frozenset[str] = ALL_SCOPES,
    protected_data: frozenset[str] = ALL_PROTECTED_DATA,
    at: datetime = NOW,
    is_stocked: bool = True,
    **settings: Any,
) -> Called:
    clock = Clock(at)
    shop = Shop(clock=clock, **settings)
    if is_stocked:
        shop.stock(generated_catalogue(currency_code=shop.currency, products=6))
    access = Access(clock, scopes=scopes, protected_data=protected_data)
    return Called(shop, ShopifyApi(shop, access), clock, access.issue_static_token())


def dollars(amount: Any) -> Decimal:
    """The amount in the shop's currency of a money bag."""
    return Decimal(amount["shopMoney"]["amount"])
