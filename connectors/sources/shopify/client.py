"""Queries to one shop: sent with a valid token, repeated where that helps, and never taken for more than they are.

GraphQL answers with status 200 and errors beside, or in the place of, the data. Each kind is handled here, so that no
caller takes half a result for a whole one.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Self, TypeVar

import msgspec

from connectors.http import HttpClient
from connectors.messages import HttpRequest, HttpResponse, HttpStatusError
from connectors.source import ReadReport, SourceRuntime
from connectors.sources.shopify.answers import Data, Frame, GraphqlError, Nodes
from connectors.sources.shopify.auth import Tokens
from connectors.sources.shopify.documents import document, operation_name
from connectors.sources.shopify.page_size import PageSize
from connectors.sources.shopify.settings import ShopifySettings
from connectors.sources.shopify.throttle import CostThrottle
from models.errors import MisconfiguredError, RetryLaterError, StopError

T = TypeVar("T")

API_VERSION = "2026-07"
VERSION_HEADER = "X-Shopify-API-Version"
_PASSING = frozenset({"INTERNAL_SERVER_ERROR", "TIMEOUT", "SERVICE_UNAVAILABLE"})
_MAX_ATTEMPTS = 6
_FIRST_BACKOFF_SECONDS = 1.0


class TooCostlyError(Exception):
    """The query asks for more than one query may; a smaller page may pass."""


class CursorRefusedError(Exception):
    """The place in a list where a walk stopped is no longer one."""


@dataclass(frozen=True)
class Answer:
    """What a query gave.

    Attributes:
        content: The answer's body.
        denied: Fields that the token may not see, with what they need; they came as null.
        cost: The points that the query was reckoned at.
        date: The platform's own time.
        version: The version of the API that answered.
    """

    content: bytes
    denied: Mapping[str, str] = field(default_factory=dict)
    cost: float | None = None
    date: datetime | None = None
    version: str | None = None

    def data(self, kind: type[T]) -> T:
        """The data as the type says.

        Raises:
            StopError: It is of another shape.
        """
        try:
            decoded: Data[T] = msgspec.json.decode(self.content, type=Data[kind])  # type: ignore[valid-type]
        except msgspec.DecodeError as error:
            raise StopError(f"Shopify's answer is not what its schema says: {error}") from error
        if decoded.data is None:
            raise StopError("Shopify's answer holds neither data nor an error")
        return decoded.data


class ShopifyClient:
    """One shop's GraphQL endpoint. Use as a context manager.

    Args:
        settings: The shop's address and how fast we may go.
        tokens: What lets us in.
        runtime: Clock, waiting and chance.
        report: Where requests, waits and points are counted.
        key: The settings' path in `perennial.yml`.
    """

    def __init__(
        self, settings: ShopifySettings, tokens: Tokens, runtime: SourceRuntime, report: ReadReport, key: str
    ) -> None:
        self._url = f"{settings.base_url}/admin/api/{API_VERSION}/graphql.json"
        self._tokens = tokens
        self._runtime = runtime
        self._report = report
        self._key = key
        self._throttle = CostThrottle(report, runtime.clock, runtime.random.random)
        self._sizes: dict[str, PageSize] = {}
        self._http = HttpClient(
            runtime, report, self._throttle, signer=self._signed, timeout_seconds=settings.timeout_seconds
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close connections."""
        self._http.close()

    def query(self, name: str, variables: Mapping[str, Any], *, stream: str) -> Answer:
        """Send a document.

        Args:
            name: Its file's name, without the ending.
            variables: What it takes.
            stream: The stream that it is made for, to be counted under.

        Raises:
            TooCostlyError: It asks for more than one query may.
            CursorRefusedError: Its `after` is not taken.
            MisconfiguredError: The token is refused.
            RetryLaterError: Shopify does not get it done.
            StopError: Shopify does not take it, or left out a filter.
        """
        body = {"query": document(name), "variables": dict(variables), "operationName": operation_name(name)}
        request = HttpRequest("POST", self._url, json=body, stream=stream)
        for attempt in range(1, _MAX_ATTEMPTS + 1):
            response = self._sent(request)
            frame = self._frame(response)
            denied = self._judged(name, frame)
            if denied is None:
                self._wait(attempt)
                continue
            cost = frame.cost.requested_query_cost if frame.cost else None
            return Answer(response.content, denied, cost, response.date, response.headers.get(VERSION_HEADER))
        raise RetryLaterError(
            f"Shopify answered {operation_name(name)} with an internal error {_MAX_ATTEMPTS} times; what was read is "
            "kept, and the next run goes on from there"
        )

    def page(self, name: str, variables: Mapping[str, Any], *, stream: str) -> Answer:
        """A page of a list, as large as one query may be.

        Raises:
            CursorRefusedError: As `query`.
            StopError: As `query`; or even one record costs more than a query may.
        """
        size = self._size(name)
        while True:
            try:
                answer = self.query(name, {**variables, "first": size.records, **size.of_parts}, stream=stream)
            except TooCostlyError as error:
                self._shrink(size, name, error)
            else:
                size.learn(size.records, answer.cost)
                return answer

    def by_ids(
        self, name: str, gids: Sequence[str], *, stream: str
    ) -> Iterator[tuple[Answer, list[tuple[str, msgspec.Raw]]]]:
        """Records by their global ids, in as many queries as their price asks for; each id with its record or null.

        Raises:
            StopError: As `page`; or the answer does not have one place for each id.
        """
        size = self._size(name)
        start = 0
        while start < len(gids):
            asked = list(gids[start : start + size.records])
            try:
                answer = self.query(name, {"ids": asked, **size.of_parts}, stream=stream)
            except TooCostlyError as error:
                self._shrink(size, name, error)
                continue
            size.learn(len(asked), answer.cost)
            nodes = answer.data(Nodes).nodes
            if nodes is None or len(nodes) != len(asked):
                raise StopError(
                    f"Shopify answered {operation_name(name)} with {len(nodes or ())} of {len(asked)} places"
                )
            start += len(asked)
            yield answer, list(zip(asked, nodes, strict=True))

    def _size(self, name: str) -> PageSize:
        return self._sizes.setdefault(name, PageSize(has_parts="$parts" in document(name)))

    def _shrink(self, size: PageSize, name: str, error: TooCostlyError) -> None:
        if not size.shrink():
            raise StopError(
                f"Shopify refuses {operation_name(name)} for a single record as too costly: {error}"
            ) from error

    def lines(self, url: str, *, stream: str) -> Iterator[bytes]:
        """The lines of a bulk file. It lies with a storage provider, who gets no token.

        Raises:
            HttpStatusError: The address has expired, or was refused.
        """
        return self._http.lines(HttpRequest("GET", url, stream=stream))

    def wait(self, seconds: float) -> None:
        """Wait for Shopify, on the books."""
        self._report.wait_count += 1
        self._report.wait_seconds += seconds
        self._runtime.sleep(seconds)

    def _signed(self, request: HttpRequest) -> HttpRequest:
        if request.url != self._url:
            return request
        return replace(request, headers={**request.headers, "X-Shopify-Access-Token": self._tokens.current})

    def _sent(self, request: HttpRequest) -> HttpResponse:
        self._tokens.ensure(self._http.send)
        try:
            return self._http.send(request)
        except HttpStatusError as error:
            if error.response.status != 401:
                raise self._refusal(error) from error
        # It may have expired before its time, or been replaced by another process.
        self._tokens.replace_refused(self._http.send)
        try:
            return self._http.send(request)
        except HttpStatusError as error:
            raise self._refusal(error) from error

    def _refusal(self, error: HttpStatusError) -> Exception:
        status = error.response.status
        if status in {401, 403}:
            return MisconfiguredError(
                self._key,
                f"Shopify refuses the token (HTTP {status}); check that the app is installed in this shop and that its "
                "credentials are those of the Dev Dashboard (docs/connect-shopify.md)",
            )
        if status == 404:
            return MisconfiguredError(f"{self._key}.shop", "Shopify knows no shop at this address")
        if status in {402, 423}:
            return StopError(
                f"Shopify has closed the shop (HTTP {status}): its plan is not paid, or it is locked; nothing was read"
            )
        return StopError(f"Shopify refused a query with HTTP {status} at {error.response.url}")

    def _frame(self, response: HttpResponse) -> Frame:
        try:
            return self._throttle.frame(response)
        except msgspec.DecodeError as error:
            raise RetryLaterError(
                f"{response.url} answered with something that is not GraphQL ({error}); is it the shop's address?"
            ) from error

    def _judged(self, name: str, frame: Frame) -> dict[str, str] | None:
        """The fields that were denied; None where the same query may succeed.

        Raises:
            TooCostlyError: As `query`.
            CursorRefusedError: As `query`.
            StopError: As `query`.
        """
        denied: dict[str, str] = {}
        others: list[GraphqlError] = []
        for error in frame.error_list:
            if error.code == "ACCESS_DENIED":
                needed = error.extensions.required_access if error.extensions else None
                denied.setdefault(error.field_path, needed or error.message)
            else:
                others.append(error)
        if any(error.code in _PASSING for error in others):
            return None
        for error in others:
            if error.code == "MAX_COST_EXCEEDED":
                raise TooCostlyError(error.message)
            if "cursor" in error.message.lower():
                raise CursorRefusedError(error.message)
            where = f" at {error.field_path}" if error.field_path else ""
            raise StopError(f"Shopify does not take {operation_name(name)}{where}: {error.message} ({error.code})")
        for search in (frame.extensions.search if frame.extensions else None) or ():
            for warning in search.warnings or ():
                # Shopify leaves such a filter out, and would answer with everything, or with nothing.
                raise StopError(f"Shopify does not understand the filter {search.query!r}: {warning.message}")
        return denied

    def _wait(self, attempt: int) -> None:
        self.wait(_FIRST_BACKOFF_SECONDS * 2 ** (attempt - 1) * (0.5 + self._runtime.random.random() / 2))
