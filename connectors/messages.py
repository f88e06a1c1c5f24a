"""What travels between a source and its platform: requests, answers, refusals, and the allowance that both obey."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any, Protocol, TypeVar, cast

import msgspec

T = TypeVar("T")

Params = Sequence[tuple[str, str]]


@cache
def _decoder(kind: Hashable) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind, strict=False, float_hook=Decimal)


@dataclass(frozen=True)
class HttpRequest:
    """One request.

    Attributes:
        method: GET or POST.
        url: Without its query.
        params: The query, in order, not yet encoded.
        headers: Beside the client's own.
        json: A body to encode as JSON.
        form: A body to encode as a form.
        stream: The stream that it is made for, to be counted under.
        accepts: Statuses besides 2xx that the caller wants to see as they are.
    """

    method: str
    url: str
    params: Params = field(default=(), repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    json: Any = field(default=None, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    stream: str = ""
    accepts: frozenset[int] = frozenset()


@dataclass(frozen=True)
class HttpResponse:
    """One answer, whole.

    Attributes:
        status: Its status.
        headers: Its headers; names in any case.
        content: Its body.
        url: Where it came from, without its query: it may hold secrets.
    """

    status: int
    headers: Mapping[str, str]
    content: bytes = field(repr=False)
    url: str = ""

    def json(self, kind: type[T]) -> T:
        """The body as the type says; numbers with a fraction as `Decimal` where the type does not say otherwise.

        Raises:
            msgspec.ValidationError: It is JSON of another shape.
            msgspec.DecodeError: It is no JSON.
        """
        decoded: T = _decoder(cast("Hashable", kind)).decode(self.content)
        return decoded

    @property
    def date(self) -> datetime | None:
        """The server's own time, in UTC; None where it does not say."""
        written = self.headers.get("Date")
        if not written:
            return None
        try:
            return parsedate_to_datetime(written).astimezone(UTC)
        except (TypeError, ValueError):
            return None

    @property
    def retry_after_seconds(self) -> float | None:
        """The wait that the server asks for, as seconds or as a date against its own clock; None where it does not."""
        written = self.headers.get("Retry-After", "").strip()
        if not written:
            return None
        try:
            return max(0.0, float(written))
        except ValueError:
            pass
        try:
            until = parsedate_to_datetime(written).astimezone(UTC)
        except (TypeError, ValueError):
            return None
        return max(0.0, (until - self.date).total_seconds()) if self.date else None


class HttpStatusError(Exception):
    """An answer that is neither a success nor a passing failure; its platform's client knows what it means.

    Args:
        response: The answer.
    """

    def __init__(self, response: HttpResponse) -> None:
        super().__init__(f"HTTP {response.status} from {response.url}")
        self.response = response


class Throttle(Protocol):
    """A platform's rate allowance, read from its answers and shared by all requests of a store."""

    def before(self, request: HttpRequest) -> float:
        """How many seconds to wait before this request may go; 0 if it may go now."""
        ...

    def after(self, request: HttpRequest, response: HttpResponse) -> float | None:
        """Take note of an answer.

        Returns:
            None if it is one; the seconds to wait before asking again if it says "too much" instead.
        """
        ...


class NoThrottle:
    """For platforms that publish no allowance."""

    def before(self, _request: HttpRequest) -> float:
        """Go at once."""
        return 0.0

    def after(self, _request: HttpRequest, _response: HttpResponse) -> float | None:
        """Every answer is one."""
        return None
