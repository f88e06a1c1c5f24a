"""BigCommerce's REST API over HTTP: where things are, which permission each needs, and what its refusals mean."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

import msgspec

from connectors.http import HttpClient, HttpRequest, HttpResponse, HttpStatusError
from connectors.source import ReadReport, SourceRuntime
from connectors.sources.bigcommerce.quota import StoreQuota
from connectors.sources.bigcommerce.settings import BigCommerceSettings
from models.errors import MisconfiguredError, PerennialError, StopError

Params = list[tuple[str, str]]

PAGE_ROWS = 250
"""The most that one answer holds."""

_FULL_PAGE = 50
"""What an answer holds where no other number is asked for, or the one asked for is not honoured."""

_PERMISSIONS = {
    "shop": "Information & Settings: read-only",
    "currencies": "Information & Settings: read-only",
    "customers": "Customers: read-only",
    "subscribers": "Customers: read-only",
    "products": "Products: read-only",
    "product_categories": "Products: read-only",
    "discounts": "Marketing: read-only",
    "refunds": "Order Transactions: read-only",
    "transactions": "Order Transactions: read-only",
}
_CREATE = "create one under Settings > Store-level API accounts as docs/connect-bigcommerce.md says"


class Pagination(msgspec.Struct, gc=False):
    """V3's numbered pages."""

    total: int | None = None
    total_pages: int | None = None


class CursorPagination(msgspec.Struct, gc=False):
    """V3's places to go on from."""

    end_cursor: str | None = None


class Meta(msgspec.Struct):
    """What V3 says about an answer's place among its like."""

    pagination: Pagination | None = None
    cursor_pagination: CursorPagination | None = None


class Envelope(msgspec.Struct):
    """V3's lists."""

    data: list[msgspec.Raw]
    meta: Meta | list[Any] | None = None

    @property
    def end_cursor(self) -> str | None:
        """Where to go on from; None where the answer does not say."""
        if isinstance(self.meta, Meta) and self.meta.cursor_pagination is not None:
            return self.meta.cursor_pagination.end_cursor
        return None


class _Problem(msgspec.Struct):
    title: str = ""  # V3
    message: str = ""  # V2


class MissingPermissionError(Exception):
    """The token lacks a permission.

    Args:
        permission: What to grant, as the control panel calls it.
    """

    def __init__(self, permission: str) -> None:
        super().__init__(permission)
        self.permission = permission


class BigCommerceClient:
    """One store's API. Use as a context manager.

    Args:
        settings: The store.
        runtime: Clock, waiting and chance.
        report: Where requests, waits and the quota's use are counted.
        key: The path of the settings in `perennial.yml`.

    Attributes:
        answered_at: The platform's own time at its first answer; None before.
    """

    def __init__(self, settings: BigCommerceSettings, runtime: SourceRuntime, report: ReadReport, key: str) -> None:
        self._settings = settings
        self._key = key
        self._http = HttpClient(
            runtime,
            report,
            StoreQuota(runtime, report, reserve_rate=settings.quota_reserve_rate),
            headers={"X-Auth-Token": settings.access_token.get_secret_value(), "Accept": "application/json"},
            timeout_seconds=settings.timeout_seconds,
        )
        self.answered_at: datetime | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._http.close()

    def request(
        self, path: str, params: Params | None = None, *, stream: str, accepts: Iterable[int] = ()
    ) -> HttpRequest:
        """A GET request.

        Args:
            path: What follows the store's API path, such as `v2/orders`.
            params: The query.
            stream: What it is made for.
            accepts: Refusals that the caller understands.
        """
        url = f"{self._settings.api_path}/{path}"
        return HttpRequest("GET", url, params=params or [], stream=stream, accepts=frozenset(accepts))

    def send(self, request: HttpRequest) -> HttpResponse:
        """The answer to a request.

        Raises:
            MissingPermissionError: The token may not ask for this.
            MisconfiguredError: The token or the store's hash is wrong.
            StopError: BigCommerce refuses the request for another reason.
            RetryLaterError: It does not answer.
        """
        try:
            response = self._http.send(request)
        except HttpStatusError as error:
            raise self._refusal(error.response, request.stream) from error
        self.answered_at = self.answered_at or response.date
        return response

    def send_all(self, requests: Iterable[HttpRequest]) -> Iterator[HttpResponse]:
        """The answers to several requests, in order, some of them under way at a time.

        Raises:
            PerennialError: As `send`.
        """
        sent: list[HttpRequest] = []

        def noting() -> Iterator[HttpRequest]:
            for request in requests:
                sent.append(request)
                yield request

        answers = self._http.send_all(noting(), ahead=self._settings.requests_in_flight)
        index = 0
        while True:
            try:
                response = next(answers)
            except StopIteration:
                return
            except HttpStatusError as error:
                raise self._refusal(error.response, sent[index].stream) from error
            index += 1
            yield response

    def rows(self, path: str, params: Params | None = None, *, stream: str) -> list[msgspec.Raw]:
        """The records of one answer; none where it has no body.

        Raises:
            PerennialError: As `send`.
        """
        return rows_of(self.send(self.request(path, params, stream=stream)))

    def all_rows(self, path: str, params: Params | None = None, *, stream: str) -> Iterator[list[msgspec.Raw]]:
        """The records of a list of numbered pages, page by page.

        Raises:
            PerennialError: As `send`.
        """
        yield from self.more_rows(path, params, stream=stream, page=1)

    def more_rows(
        self, path: str, params: Params | None = None, *, stream: str, page: int
    ) -> Iterator[list[msgspec.Raw]]:
        """As `all_rows`, from a page on."""
        while True:
            rows = self.rows(path, [*(params or []), ("limit", str(PAGE_ROWS)), ("page", str(page))], stream=stream)
            if rows:
                yield rows
            if not may_have_more(rows):
                return
            page += 1

    def envelope(self, path: str, params: Params | None = None, *, stream: str) -> Envelope:
        """A V3 answer with what it says about its place.

        Raises:
            PerennialError: As `send`.
        """
        response = self.send(self.request(path, params, stream=stream))
        return _decoded(response, Envelope) if response.content else Envelope([])

    def _refusal(self, response: HttpResponse, stream: str) -> PerennialError | MissingPermissionError:
        """What a refusal means to the store's owner."""
        if response.status == 401:
            return MisconfiguredError(
                f"{self._key}.access_token",
                "BigCommerce does not accept the token (401): its API account was deleted in the control panel, or it "
                f"belongs to another store than {self._settings.store_hash!r}; {_CREATE}. What was read is kept, and "
                "with a new token the next run goes on from there",
            )
        if response.status == 403:
            return MissingPermissionError(_PERMISSIONS.get(stream, "Orders: read-only"))
        if response.status == 404 and stream == "shop":
            return MisconfiguredError(
                f"{self._key}.store_hash",
                f"BigCommerce knows no store {self._settings.store_hash!r} (404); the hash stands in the API path that "
                "the control panel shows with the API account",
            )
        return StopError(f"BigCommerce refuses GET {response.url} (HTTP {response.status}){_title(response)}")

    def misconfigured(self, missing: MissingPermissionError) -> MisconfiguredError:
        """The failure for a permission without which nothing can be read.

        Args:
            missing: What is missing.
        """
        return MisconfiguredError(
            f"{self._key}.access_token",
            f"the token lacks the permission {missing.permission!r} (403). A token's permissions cannot be changed: "
            f"{_CREATE}, and put its token in place of this one",
        )


def rows_of(response: HttpResponse) -> list[msgspec.Raw]:
    """The records of an answer of either version; none of one without a body, or of a refusal that was accepted.

    Raises:
        StopError: It is no list.
    """
    if response.status != 200 or not response.content:
        return []
    if response.content.lstrip()[:1] == b"[":
        rows: list[msgspec.Raw] = _decoded(response, list[msgspec.Raw])
        return rows
    envelope: Envelope = _decoded(response, Envelope)
    return envelope.data


def record_of(response: HttpResponse) -> msgspec.Raw | None:
    """The one record of an answer of V2; None of one without a body, or of a 404 that was accepted."""
    return msgspec.Raw(response.content) if response.status == 200 and response.content else None


def may_have_more(rows: Sequence[object]) -> bool:
    """Whether there may be a page after this one.

    A page that is shorter than was asked for is no sign: several resources answer with fewer rows than that. One that
    is shorter than what every resource gives is the last.
    """
    return len(rows) >= _FULL_PAGE


def time_param(at: datetime) -> str:
    """A time for a filter: with its offset, for one without is taken for the store's local time."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00")


def _decoded(response: HttpResponse, kind: type[Any]) -> Any:  # noqa: ANN401 - of the kind asked for
    try:
        return response.json(kind)
    except msgspec.MsgspecError as error:
        raise StopError(f"BigCommerce's answer to GET {response.url} is not what it documents: {error}") from error


def _title(response: HttpResponse) -> str:
    try:
        problem = _PROBLEM.decode(response.content)
    except msgspec.MsgspecError:
        return ""
    first = problem if isinstance(problem, _Problem) else next(iter(problem), _Problem())
    words = (first.title or first.message)[:200]
    return f": {words}" if words else ""


_PROBLEM: msgspec.json.Decoder[_Problem | list[_Problem]] = msgspec.json.Decoder(_Problem | list[_Problem])
