"""One request to a provider that knows no repeats, and what its answer, or the lack of one, says.

A request is made once: whoever may have been heard is not spoken to again here. Connections live as long as one batch,
so that none is found closed just as a message is written to it. Must not know any provider.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any, TypeVar

import aiohttp
import msgspec

from connectors.blanking import blanked
from connectors.destination import Delivery, DeliveryResult, Outcome

T = TypeVar("T")
R = TypeVar("R")

_LARGEST_ANSWER_BYTES = 1 << 20
_LONGEST_RETRY_SECONDS = 86_400.0
_LONGEST_WORDS = 200
_ANYTHING_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`|<[^<>]*>|\S+@\S+")

# Refusals that say nothing about the message: the credentials, the address or the moment is at fault.
_NOT_THE_MESSAGE = {
    HTTPStatus.UNAUTHORIZED: "refused the credentials (401); check them",
    HTTPStatus.PAYMENT_REQUIRED: "has closed the account (402)",
    HTTPStatus.FORBIDDEN: "does not allow this (403); check what the credentials and the sender may do",
    HTTPStatus.NOT_FOUND: "has nothing at the address (404); check the destination's url",
    HTTPStatus.METHOD_NOT_ALLOWED: "does not take this at the address (405); check the destination's url",
    HTTPStatus.PROXY_AUTHENTICATION_REQUIRED: "is behind a proxy that asks for credentials (407)",
    HTTPStatus.LOCKED: "has locked the account (423)",
    HTTPStatus.TOO_EARLY: "asks to come back later (425)",
    HTTPStatus.TOO_MANY_REQUESTS: "asks to slow down (429)",
    HTTPStatus.SERVICE_UNAVAILABLE: "is not available now (503)",
}
# A gateway that gave up waiting says these too, of a provider that may be at work on the request all the same.
_PERHAPS_TAKEN = {
    HTTPStatus.REQUEST_TIMEOUT: "or a gateway gave up waiting (408), which does not say whether it was taken",
    HTTPStatus.SERVICE_UNAVAILABLE: "or a gateway was not available (503), which does not say whether it was taken",
}


@dataclass(frozen=True)
class Call:
    """One request, whole.

    Attributes:
        method: In capitals.
        url: With its query.
        body: As sent; None for none.
        headers: As sent.
    """

    method: str
    url: str = field(repr=False)
    body: bytes | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Answer:
    """What came back.

    Attributes:
        status: The HTTP status; None when no whole answer came.
        body: The body, whole.
        headers: Its headers; names in any case.
        may_be_written: Without an answer: whether the request may have reached the provider.
        error: Without an answer: what happened instead.
    """

    status: int | None
    body: bytes = field(default=b"", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    may_be_written: bool = True
    error: str = ""

    @property
    def is_success(self) -> bool:
        """Whether it is a 2xx."""
        return self.status is not None and self.status // 100 == HTTPStatus.OK // 100

    def json(self) -> Any:  # noqa: ANN401 - whatever a provider writes
        """The body, or None where it is no JSON."""
        try:
            return msgspec.json.decode(self.body)
        except (msgspec.DecodeError, RecursionError):
            return None


@asynccontextmanager
async def opened(
    timeout_seconds: float, *, user_agent: str = "Perennial", keeps_connections: bool = True
) -> AsyncIterator[aiohttp.ClientSession]:
    """Connections for one batch: no cookies, no proxy that the environment names, no repeating by themselves.

    Args:
        timeout_seconds: For one request.
        user_agent: Who asks.
        keeps_connections: Whether a request may go over the connection of the one before it.
    """
    trace = aiohttp.TraceConfig()

    async def connected(_session: object, context: SimpleNamespace, _params: object) -> None:
        context.trace_request_ctx["is_connected"] = True

    trace.on_connection_create_end.append(connected)
    trace.on_connection_reuseconn.append(connected)
    async with aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=timeout_seconds),
        connector=aiohttp.TCPConnector(force_close=not keeps_connections),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": user_agent},
        trust_env=False,
        trace_configs=[trace],
        middlewares=(_once,),
    ) as session:
        yield session


def over_connections(
    timeout_seconds: float,
    work: Callable[[aiohttp.ClientSession], Coroutine[Any, Any, R]],
    *,
    keeps_connections: bool = True,
) -> R:
    """What comes of work that asks a provider, over connections that live as long as it does; else as `opened`."""

    async def done() -> R:
        async with opened(timeout_seconds, keeps_connections=keeps_connections) as session:
            return await work(session)

    return asyncio.run(done())


class _DisconnectedError(ConnectionError):
    """The connection ended before the answer."""


async def _once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    # aiohttp repeats some requests whose connection broke by itself, unseen.
    try:
        return await handler(request)
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise _DisconnectedError(type(error).__name__) from error


async def exchange(session: aiohttp.ClientSession, call: Call, *, largest: int = _LARGEST_ANSWER_BYTES) -> Answer:
    """Make a request once, and say what came of it; never raises for the network's sake.

    Args:
        session: From `opened`.
        call: The request.
        largest: Bytes after which a body is given up.
    """
    context = {"is_connected": False}
    try:
        async with session.request(
            call.method,
            call.url,
            data=call.body,
            headers=dict(call.headers),
            allow_redirects=False,
            trace_request_ctx=context,
        ) as response:
            received = await bounded_body(response, largest)
            if received is None:
                return Answer(None, error=f"the answer is larger than {largest} bytes")
            return Answer(response.status, received, response.headers)
    except TimeoutError:
        waited = f"no answer within {session.timeout.total:g} seconds"
        return Answer(None, may_be_written=context["is_connected"], error=waited)
    except (aiohttp.ClientError, OSError) as error:
        kind = type(error.__cause__ if isinstance(error, _DisconnectedError) else error).__name__
        return Answer(None, may_be_written=context["is_connected"], error=f"no answer ({kind})")


async def bounded_body(response: aiohttp.ClientResponse, largest: int) -> bytes | None:
    """The whole body of an answer; None where it is larger, and the rest of it is not read."""
    received = bytearray()
    async for chunk in response.content.iter_chunked(1 << 16):
        received += chunk
        if len(received) > largest:
            return None
    return bytes(received)


async def side_by_side(items: Sequence[T], work: Callable[[T], Awaitable[R]], *, at_once: int) -> list[R]:
    """The work's results in the items' order, with so many of them under way at a time."""
    turn = asyncio.Semaphore(at_once)

    async def one(item: T) -> R:
        async with turn:
            return await work(item)

    return list(await asyncio.gather(*(one(item) for item in items)))


def judged(
    delivery: Delivery,
    answer: Answer,
    *,
    provider: str,
    sent_at: datetime,
    words: str | None = None,
    is_own_answer: bool = False,
    is_idempotent: bool = False,
) -> DeliveryResult:
    """What an answer that is no success says about the delivery that it is about; arguments as of `verdict`."""
    outcome, reason, retry_at = verdict(
        answer,
        provider=provider,
        sent_at=sent_at,
        sent=delivery.payload,
        words=words,
        is_own_answer=is_own_answer,
        is_idempotent=is_idempotent,
    )
    return DeliveryResult(delivery.action_key, outcome, reason, retry_at=retry_at)


def verdict(
    answer: Answer,
    *,
    provider: str,
    sent_at: datetime,
    sent: Mapping[str, Any],
    words: str | None = None,
    is_own_answer: bool = False,
    is_idempotent: bool = False,
) -> tuple[Outcome, str, datetime | None]:
    """What an answer that is no success says: the outcome, the reason, and when to come back.

    Args:
        answer: What came back.
        provider: Its name, for the reason.
        sent_at: When the request was made.
        sent: What was sent; no value of it is in the reason.
        words: What the provider said about it, if it said something.
        is_own_answer: Whether the answer has the form of the provider's own refusals, which no gateway's has.
        is_idempotent: Whether what may have been taken can be sent again.
    """
    unknown = Outcome.RETRY if is_idempotent else Outcome.MAYBE_SENT
    said = f": {without_values(words, sent)}" if words else ""
    status = answer.status
    if status is None and not answer.may_be_written:
        return Outcome.RETRY, f"{provider} could not be reached: {answer.error}", None
    if status is None:
        return unknown, f"the request was written, and then {answer.error}", None
    retry_at = asked_for(answer.headers, sent_at)
    if is_perhaps_taken(status, asks_to_wait=retry_at is not None, is_own_answer=is_own_answer):
        return unknown, f"{provider} {_PERHAPS_TAKEN[HTTPStatus(status)]}{said}", None
    if status in _NOT_THE_MESSAGE:
        reason = f"{provider} {_NOT_THE_MESSAGE[HTTPStatus(status)]}{said}"
        return Outcome.RETRY, reason, retry_at
    if status // 100 == HTTPStatus.BAD_REQUEST // 100:
        return Outcome.REJECTED, f"{provider} refused it ({status}){said}", None
    return unknown, f"{provider} answered {status}, which does not say whether it was taken{said}", None


def is_perhaps_taken(status: int, *, asks_to_wait: bool, is_own_answer: bool = False) -> bool:
    """Whether a gateway may have said it after it gave up waiting, of a provider that is at work all the same.

    Args:
        status: The HTTP status.
        asks_to_wait: Whether the answer says when to come back.
        is_own_answer: Whether the answer has the form of the provider's own refusals, which no gateway's has.
    """
    is_unexplained = not (asks_to_wait or is_own_answer)
    return status == HTTPStatus.REQUEST_TIMEOUT or (status == HTTPStatus.SERVICE_UNAVAILABLE and is_unexplained)


def asked_for(headers: Mapping[str, str], sent_at: datetime) -> datetime | None:
    """When a provider asks to be spoken to again: Retry-After in seconds or as a date, or a reset time; a day at most.

    Args:
        headers: The answer's; `X-RateLimit-Reset` is in seconds since 1970.
        sent_at: When the request was made.
    """
    seconds: float | None = None
    after, reset = headers.get("Retry-After", "").strip(), headers.get("X-RateLimit-Reset", "").strip()
    try:
        if after:
            seconds = float(after)
        elif reset:
            seconds = float(reset) - sent_at.timestamp()
    except ValueError:
        try:
            moment = parsedate_to_datetime(after)
        except ValueError:
            return None
        seconds = (moment - sent_at).total_seconds() if moment.tzinfo else None
    if seconds is None or not 0 < seconds < float("inf"):
        return None
    return sent_at.astimezone(UTC) + timedelta(seconds=min(seconds, _LONGEST_RETRY_SECONDS))


def without_values(text: str, payload: Mapping[str, Any]) -> str:
    """A provider's words without anything that it was sent, or that it quotes; at most 200 characters."""
    return " ".join(_ANYTHING_QUOTED.sub("…", blanked(text, _values(payload))).split())[:_LONGEST_WORDS]


def _values(part: object) -> Iterator[str]:
    if isinstance(part, Mapping):
        for value in part.values():
            yield from _values(value)
    elif isinstance(part, list | tuple):
        for value in part:
            yield from _values(value)
    elif part is not None and not isinstance(part, bool):
        yield str(part)
