"""The shop's Admin API: from a request to a reply, with the headers, costs, limits and refusals of the real one."""

import json
import re
from dataclasses import replace
from typing import Any

import msgspec

from connectors.sandbox.faults import Request
from connectors.sandbox.serving import Reply
from connectors.sandbox.shopify.auth import Access
from connectors.sandbox.shopify.books import Books
from connectors.sandbox.shopify.bulk import BulkOperations, pieces
from connectors.sandbox.shopify.context import Context, QueryError
from connectors.sandbox.shopify.costs import MAXIMUM_COST, Bucket, Cost
from connectors.sandbox.shopify.documents import Document, DocumentError, document, located, problems
from connectors.sandbox.shopify.execution import Compiler
from connectors.sandbox.shopify.root_fields import shop_schema
from connectors.sandbox.shopify.variables import variable_values

_GRAPHQL = re.compile(r"/admin/api/(?:(?P<version>[\w-]+)/)?graphql\.json")
_BULK_FILE = re.compile(r"/bulk-operation-outputs/(?P<name>[\w.-]+)")
_RANGE = re.compile(r"bytes=(?P<start>\d+)-(?P<end>\d*)")
_VERSION = re.compile(r"\d{4}-(?:01|04|07|10)")
VERSIONS = ("2025-10", "2026-01", "2026-04", "2026-07")
_MUTATION_COST = 10
_LIMITS = "https://shopify.dev/api/usage/rate-limits"
_INVALID_TOKEN = "[API] Invalid API key or access token (unrecognized login or wrong password)"  # noqa: S105 - a message
_EXPIRED_URL = (
    b"<?xml version='1.0' encoding='UTF-8'?><Error><Code>ExpiredToken</Code>"
    b"<Message>The provided token has expired.</Message></Error>"
)

_encode = msgspec.json.Encoder().encode


class ShopifyApi:
    """The Admin API of one shop, for one app.

    Attributes:
        shop: The shop.
        access: The app's credentials and grants.
        bulk: Its bulk operations.
        bucket: The points it may spend.
        versions: The API versions there are, oldest first; an older one is answered as the oldest.
    """

    def __init__(self, shop: Books, access: Access, *, versions: tuple[str, ...] = VERSIONS) -> None:
        self.shop, self.access, self.versions = shop, access, versions
        self.schema = shop_schema()
        self.bulk = BulkOperations(self.schema)
        self.bucket = Bucket(shop.plan, shop.clock)
        self._requests = 0

    def __call__(self, request: Request) -> Reply:
        """Answer a request."""
        with self.shop.lock:
            self._requests += 1
            self.bulk.base_url = f"http://{request.headers.get('host', self.shop.domain)}"
            reply = self._route(request)
        return replace(reply, headers={"X-Request-Id": f"sandbox-{self._requests}", **reply.headers})

    def _route(self, request: Request) -> Reply:
        if request.path == "/admin/oauth/access_token" and request.method == "POST":
            return self.access.exchange(request)
        if (file := _BULK_FILE.fullmatch(request.path)) and request.method == "GET":
            return self._file(request, file["name"])
        graphql = _GRAPHQL.fullmatch(request.path)
        if graphql is None or request.method != "POST":
            return _json({"errors": "Not Found"}, 404)
        version = self._version(graphql["version"])
        if version is None:
            return _json({"errors": "Not Found"}, 404)
        if not self.access.is_valid(request.headers.get("x-shopify-access-token", "")):
            return _json({"errors": _INVALID_TOKEN}, 401)
        reply = self._graphql(request)
        return replace(reply, headers={"X-Shopify-API-Version": version, **reply.headers})

    def _version(self, asked: str | None) -> str | None:
        """The version that answers; None if there never was such a one."""
        if asked is None:
            return self.versions[0]
        if asked == "unstable":
            return asked
        if not _VERSION.fullmatch(asked) or asked > self.versions[-1]:
            return None
        return asked if asked in self.versions else self.versions[0]

    def _graphql(self, request: Request) -> Reply:
        try:
            body = json.loads(request.body)
            query, variables, operation = body["query"], body.get("variables") or {}, body.get("operationName")
        except (ValueError, KeyError, TypeError, AttributeError):
            return _json({"errors": {"query": "Required parameter missing or invalid"}}, 400)
        if request.fault == "internal_error":
            return _json({"errors": [self._internal_error()]})
        grants = self.access.grants
        context = Context(self.shop, grants, self.bulk, self.shop.now(), request.fault)
        try:
            asked = document(query, operation)
            if wrong := problems(self.schema, asked):
                return _json({"errors": wrong})
            values = variable_values(self.schema, asked, variables)
        except DocumentError as error:
            return _json({"errors": error.problems})
        return self._execute(asked, Compiler(self.schema, asked.fragments, values, grants), context)

    def _execute(self, asked: Document, compiler: Compiler, context: Context) -> Reply:
        is_mutation = asked.operation.operation.value == "mutation"
        root = self.schema.types["Mutation" if is_mutation else "QueryRoot"]
        cost = Cost()
        runners = list(compiler.fields(root, asked.operation.selection_set, cost))
        requested = _MUTATION_COST * len(runners) if is_mutation else cost.requested
        if requested > MAXIMUM_COST:
            return _json({"errors": [_too_expensive(requested)]})
        if context.fault == "throttled" or self.bucket.available < requested:
            throttled = {"message": "Throttled", "extensions": {"code": "THROTTLED", "documentation": _LIMITS}}
            return _json({"errors": [throttled], "extensions": {"cost": self._cost(requested, None)}})
        data: dict[str, Any] | None = {}
        for key, found, node, run in runners:
            context.path[:] = [key]
            try:
                value = run(None, context)
            except QueryError as error:
                context.fail(error, located(node))
                value = None
            if value is None and found is not None and found.type.endswith("!"):
                data = None
                break
            if data is not None:
                data[key] = value
        actual = requested if is_mutation else min(cost.actual, requested)
        self.bucket.spend(actual)
        answer: dict[str, Any] = {"errors": context.errors} if context.errors else {}
        answer["data"] = data
        answer["extensions"] = {"cost": self._cost(requested, actual)}
        if context.searches:
            answer["extensions"]["search"] = context.searches
        return _json(answer)

    def _cost(self, requested: int, actual: int | None) -> dict[str, Any]:
        return {
            "requestedQueryCost": requested,
            "actualQueryCost": actual,
            "throttleStatus": self.bucket.status(),
        }

    def _internal_error(self) -> dict[str, Any]:
        request_id = f"sandbox-{self._requests}"
        message = (
            "Internal error. Looks like something went wrong on our end.\n"
            f"Request ID: {request_id} (include this in support requests)."
        )
        return {"message": message, "extensions": {"code": "INTERNAL_SERVER_ERROR", "requestId": request_id}}

    def _file(self, request: Request, name: str) -> Reply:
        """The results of a bulk operation, whole or a range of them."""
        path = self.bulk.file(name, request.params.get("X-Goog-Signature", ""), self.shop.now())
        if path is None or request.fault == "expired_url":
            return Reply(_EXPIRED_URL, 403, "application/xml; charset=UTF-8")
        size = path.stat().st_size
        start, end, status, headers = 0, size, 200, {"Accept-Ranges": "bytes"}
        asked = _RANGE.fullmatch(request.headers.get("range", ""))
        if asked is not None:
            start = int(asked["start"])
            if start >= size:
                return Reply(b"", 416, "application/xml; charset=UTF-8", {"Content-Range": f"bytes */{size}"})
            end = min(int(asked["end"]) + 1 if asked["end"] else size, size)
            status = 206
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
        headers["Content-Length"] = str(end - start)
        return Reply(pieces(path, start, end), status, "application/jsonl", headers)


def _too_expensive(cost: int) -> dict[str, Any]:
    message = (
        f"Query cost is {cost}, which exceeds the single query max cost limit ({MAXIMUM_COST}).\n\n"
        "See https://shopify.dev/concepts/about-apis/rate-limits for more information on how the\n"
        "cost of a query is calculated.\n\n"
        "To query larger amounts of data with fewer limits, bulk operations should be used instead.\n"
        "See https://shopify.dev/tutorials/perform-bulk-operations-with-admin-api for usage details.\n"
    )
    extensions = {
        "code": "MAX_COST_EXCEEDED",
        "cost": cost,
        "maxCost": MAXIMUM_COST,
        "documentation": _LIMITS,
    }
    return {"message": message, "extensions": extensions}


def _json(answer: dict[str, Any], status: int = 200) -> Reply:
    return Reply(_encode(answer), status)
