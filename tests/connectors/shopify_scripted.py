"""A Shopify endpoint that answers what a test wrote down, over real HTTP: also what no shop should say."""

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.sandbox.faults import Request
from connectors.sandbox.serving import Reply, SandboxServer, running_server
from connectors.source import ReadReport, ReadRequest, SourceRuntime
from connectors.sources.shopify import ShopifySettings, ShopifySource
from connectors.sources.shopify.auth import Tokens
from connectors.sources.shopify.client import ShopifyClient
from models.records import Deletions, Page

KEY = "merchants[0].stores[0].source"
SCOPES = ["read_orders", "read_all_orders", "read_customers", "read_products", "read_discounts"]
Json = dict[str, Any]
Answer = Json | Reply | Callable[[Json], "Json | Reply"]


@dataclass
class Clock:
    """Stands still but for waiting."""

    now: datetime = datetime(2026, 8, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class Secrets:
    kept: dict[str, str] = field(default_factory=dict)

    def get(self, name: str) -> str | None:
        return self.kept.get(name)

    def set(self, name: str, value: str) -> None:
        self.kept[name] = value


@dataclass
class ScriptedShop:
    """Answers by the operation's name: the first of its answers that is left, the last one again and again."""

    clock: Clock = field(default_factory=Clock)
    secrets: Secrets = field(default_factory=Secrets)
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    files: dict[str, list[bytes | Reply]] = field(default_factory=dict)
    grants: list[Json | Reply] = field(default_factory=list)
    scopes: list[str] = field(default_factory=lambda: list(SCOPES))
    version: str = "2026-07"
    zone: str = "America/New_York"
    asked: list[tuple[str, Json]] = field(default_factory=list)
    tokens_seen: list[str | None] = field(default_factory=list)
    grants_asked: list[dict[str, str]] = field(default_factory=list)
    server: SandboxServer | None = None
    run_at: datetime | None = None

    def answer(self, operation: str, *answers: Answer) -> None:
        """What to answer to a query."""
        self.answers[operation] = list(answers)

    def count(self, operation: str) -> int:
        """How often a query came."""
        return Counter(name for name, _ in self.asked)[operation]

    def variables(self, operation: str) -> list[Json]:
        """What a query was asked with, each time."""
        return [variables for name, variables in self.asked if name == operation]

    @property
    def url(self) -> str:
        assert self.server is not None
        return self.server.url

    def handle(self, request: Request) -> Reply:
        if request.path == "/admin/oauth/access_token":
            self.grants_asked.append(dict(pair.split("=", 1) for pair in request.body.decode().split("&")))
            return _reply(self.grants.pop(0) if len(self.grants) > 1 else self.grants[0])
        if request.path in self.files:
            self.tokens_seen.append(request.headers.get("x-shopify-access-token"))
            contents = self.files[request.path]
            content = contents.pop(0) if len(contents) > 1 else contents[0]
            return content if isinstance(content, Reply) else Reply(content, content_type="application/jsonl")
        assert request.path == "/admin/api/2026-07/graphql.json"
        self.tokens_seen.append(request.headers.get("x-shopify-access-token"))
        body = json.loads(request.body)
        name, variables = body["operationName"], body["variables"]
        self.asked.append((name, variables))
        answers = self.answers.get(name) or [self._usual(name)]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        reply = _reply(answer(variables) if callable(answer) else answer)
        return Reply(reply.body, reply.status, headers={"X-Shopify-API-Version": self.version, **reply.headers})

    def _usual(self, name: str) -> Json:
        if name == "Probe":
            return self.probe()
        if name == "ProtectedData":
            return data(orders={"nodes": []}, customers={"nodes": []})
        if name == "RecentBulkQueries":
            return data(bulkOperations={"nodes": []})
        if name == "RunBulkQuery":
            return data(bulkOperationRunQuery={"bulkOperation": job("COMPLETED", number=99), "userErrors": []})
        return data(connection=connection([]))

    def probe(self, **changes: Any) -> Json:
        shop = {
            "id": "gid://shopify/Shop/1",
            "name": "A shop",
            "myshopifyDomain": "a.myshopify.com",
            "url": "https://a.example",
            "currencyCode": "USD",
            "ianaTimezone": self.zone,
            "taxesIncluded": False,
            "plan": {"publicDisplayName": "Basic", "shopifyPlus": False, "partnerDevelopment": False},
        }
        scopes = [{"handle": handle} for handle in self.scopes]
        return data(shop=shop, currentAppInstallation={"accessScopes": scopes}, **changes)

    def runtime(self) -> SourceRuntime:
        return SourceRuntime(self.clock, self.clock.advance, random.Random(7), self.secrets)

    def settings(self, **changes: Any) -> ShopifySettings:
        declared = {"type": "shopify", "url": self.url, "access_token": "shpat_static"}
        return ShopifySettings.model_validate({**declared, **changes})

    def source(self, **changes: Any) -> ShopifySource:
        return ShopifySource(self.settings(**changes), runtime=self.runtime(), time_zone="America/New_York", key=KEY)

    def client(self, report: ReadReport | None = None, **changes: Any) -> ShopifyClient:
        settings = self.settings(**changes)
        tokens = Tokens(settings, self.runtime(), KEY)
        return ShopifyClient(settings, tokens, self.runtime(), report or ReadReport(), KEY)

    def request(self, cursor: Json | None = None, **changes: Any) -> ReadRequest:
        return ReadRequest("shop", "web", cursor, self.run_at or self.clock(), **changes)

    def read(self, cursor: Json | None = None, **changes: Any) -> tuple[Json, ReadReport, "Pages"]:
        """One reading: its cursor, its report and its pages."""
        reading = self.source(**changes.pop("settings", {})).read(self.request(cursor, **changes))
        pages = Pages(list(reading.pages))
        return reading.cursor, reading.report, pages


@dataclass
class Pages:
    """What a reading gave out."""

    pages: Sequence[Page | Deletions]

    def rows(self, stream: str) -> list[Json]:
        found = [page for page in self.pages if isinstance(page, Page) and page.stream == stream]
        return [row for page in found for row in page.records.to_pylist()]

    def keys(self, stream: str) -> list[str]:
        return [next(iter(row.values())) for row in self.rows(stream)]

    def gone(self, stream: str) -> list[str]:
        found = [page for page in self.pages if isinstance(page, Deletions) and page.stream == stream]
        return [next(iter(row.values())) for page in found for row in page.keys.to_pylist()]

    def rejected(self) -> list[Any]:
        return [record for page in self.pages if isinstance(page, Page) for record in page.rejected]


@contextmanager
def scripted_shop(**changes: Any) -> Iterator[ScriptedShop]:
    shop = ScriptedShop(**changes)
    with running_server(shop.handle, shop.clock) as server:
        shop.server = server
        yield shop


def _reply(answer: Json | Reply) -> Reply:
    return answer if isinstance(answer, Reply) else Reply(json.dumps(answer).encode())


def cost(requested: float = 10, available: float = 1990, *, actual: float | None = None, rate: float = 100) -> Json:
    status = {"maximumAvailable": 2000, "currentlyAvailable": available, "restoreRate": rate}
    actual = requested if actual is None else actual
    return {"cost": {"requestedQueryCost": requested, "actualQueryCost": actual, "throttleStatus": status}}


def data(**fields: Any) -> Json:
    return {"data": fields, "extensions": cost()}


def errors(*found: Json, **fields: Any) -> Json:
    return {"errors": list(found), "data": fields or None, "extensions": cost()}


def error(code: str, message: str = "No.", path: Sequence[str | int] = (), **extensions: Any) -> Json:
    return {"message": message, "path": list(path), "extensions": {"code": code, **extensions}}


def connection(nodes: Sequence[Any], after: str | None = None) -> Json:
    """A page of a list; `after` where there is more."""
    return {"nodes": list(nodes), "pageInfo": {"hasNextPage": after is not None, "endCursor": after}}


def bag(amount: str, presentment: str | None = None) -> Json:
    buyers = {"amount": presentment or amount, "currencyCode": "CAD" if presentment else "USD"}
    return {"shopMoney": {"amount": amount, "currencyCode": "USD"}, "presentmentMoney": buyers}


def line(number: int, **changes: Any) -> Json:
    fields = {
        "__typename": "LineItem",
        "id": f"gid://shopify/LineItem/{number}",
        "product": {"id": "gid://shopify/Product/7"},
        "variant": None,
        "title": "A thing",
        "quantity": 2,
        "currentQuantity": 2,
        "isGiftCard": False,
        "originalUnitPriceSet": bag("10.0"),
        "originalTotalSet": bag("20.0"),
        "discountAllocations": [],
        "taxLines": [{"priceSet": bag("0.50")}, {"priceSet": bag("1.25")}],
        "duties": [],
    }
    return {**fields, **changes}


def transaction(number: int, **changes: Any) -> Json:
    fields = {
        "id": f"gid://shopify/OrderTransaction/{number}",
        "kind": "SALE",
        "status": "SUCCESS",
        "test": False,
        "createdAt": "2026-07-01T00:00:00Z",
        "amountSet": bag("21.75"),
    }
    return {**fields, **changes}


def order(number: int, **changes: Any) -> Json:
    """An order as a page holds it."""
    fields = {
        "__typename": "Order",
        "id": f"gid://shopify/Order/{number}",
        "name": f"#{number}",
        "createdAt": "2026-07-01T00:00:00Z",
        "processedAt": "2026-07-01T00:00:00Z",
        "updatedAt": "2026-07-02T00:00:00Z",
        "test": False,
        "taxesIncluded": False,
        "customer": {"id": "gid://shopify/Customer/5"},
        "currencyCode": "USD",
        "presentmentCurrencyCode": "USD",
        "totalPriceSet": bag("21.75"),
        "originalTotalPriceSet": bag("21.75"),
        "currentTotalPriceSet": bag("21.75"),
        "transactions": [transaction(number * 10)],
        "refunds": [],
        "additionalFees": [],
        "taxLines": [],
        "lineItems": connection([line(number * 10)]),
        "shippingLines": connection([]),
        "discountApplications": connection([]),
    }
    return {**fields, **changes}


def refund(number: int, **changes: Any) -> Json:
    fields = {
        "id": f"gid://shopify/Refund/{number}",
        "createdAt": "2026-07-03T00:00:00Z",
        "processedAt": "2026-07-03T00:00:00Z",
        "updatedAt": "2026-07-03T00:00:00Z",
        "totalRefundedSet": bag("10.0"),
        "duties": [],
        "refundLineItems": connection([]),
        "refundShippingLines": connection([]),
        "orderAdjustments": connection([]),
        "transactions": connection([]),
    }
    return {**fields, **changes}


def customer(number: int, **changes: Any) -> Json:
    fields = {
        "__typename": "Customer",
        "id": f"gid://shopify/Customer/{number}",
        "createdAt": "2026-07-01T00:00:00Z",
        "updatedAt": "2026-07-02T00:00:00Z",
    }
    return {**fields, **changes}


def job(status: str, *, number: int = 1, url: str | None = None, objects: int = 0, roots: int = 0, **more: Any) -> Json:
    """A bulk operation."""
    return {
        "id": f"gid://shopify/BulkOperation/{number}",
        "status": status,
        "errorCode": None,
        "createdAt": "2026-08-01T12:00:00Z",
        "completedAt": "2026-08-01T12:00:00Z" if status == "COMPLETED" else None,
        "objectCount": str(objects),
        "rootObjectCount": str(roots),
        "url": url,
        "partialDataUrl": None,
        "query": "",
        **more,
    }


def started(job_or_none: Json | None, *user_errors: Json) -> Json:
    return data(bulkOperationRunQuery={"bulkOperation": job_or_none, "userErrors": list(user_errors)})


def jsonl(*rows: Json) -> bytes:
    """A bulk file: slashes are escaped, as Shopify does."""
    return b"".join(json.dumps(row, separators=(",", ":")).replace("/", "\\/").encode() + b"\n" for row in rows)


def bulk_order(number: int, **changes: Any) -> Json:
    """An order as a bulk file holds it: without its connections."""
    fields = order(number, **changes)
    return {name: value for name, value in fields.items() if not (isinstance(value, dict) and "pageInfo" in value)}


def child(row: Json, parent: str) -> Json:
    return {**row, "__parentId": parent}
