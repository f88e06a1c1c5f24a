"""HTTP for sources: one store's client, which waits, repeats and counts, and gives up in words.

Requests run on a loop of the client's own in a thread of its own, so that the next pages travel while this one is
decoded; to its caller it is a plain function. How long to wait is the platform's own affair (`Throttle`); what a
passing failure is, and how often to try again, is decided here once. Must not know any platform.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

import aiohttp

from connectors.messages import HttpRequest, HttpResponse, HttpStatusError, NoThrottle, Params, Throttle
from connectors.source import ReadReport, SourceRuntime
from models.errors import RetryLaterError

__all__ = ["HttpClient", "HttpRequest", "HttpResponse", "HttpStatusError", "NoThrottle", "Params", "Throttle"]

T = TypeVar("T")

_USER_AGENT = "Perennial/0.1"
_FIRST_BACKOFF_SECONDS = 1.0
_LONGEST_BACKOFF_SECONDS = 60.0
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 525, 527, 529, 530})
_CHUNK_BYTES = 1 << 18
# Servers write policies, and debugging plugins whole reports, into headers; the default of 8 KiB refuses such answers.
_LONGEST_HEADER_BYTES = 1 << 18
# What a connection, a name server or a half-sent body can do; each may go better next time.
_BROKEN = (aiohttp.ClientError, asyncio.TimeoutError, ConnectionError, OSError)


class _DisconnectedError(ConnectionError):
    """The connection ended before the answer."""


async def _tell_disconnections(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    # aiohttp repeats a request whose connection broke once by itself, unseen: uncounted, and with a signature that was
    # used before.
    try:
        return await handler(request)
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise _DisconnectedError(str(error) or "the server closed the connection") from error


class HttpClient:
    """One store's client. Use as a context manager; safe for one thread.

    Args:
        runtime: Clock, waiting and chance.
        report: Where requests and waits are counted.
        throttle: The platform's allowance.
        headers: Sent with every request.
        signer: Signs each attempt; a signature that holds a time and a number is good for one.
        timeout_seconds: For one request, from connecting to the last byte.
        max_attempts: How often a request that failed in passing is made.
        retry_budget_seconds: How long one request may be waited for in all, the throttle's waits left out.
    """

    def __init__(
        self,
        runtime: SourceRuntime,
        report: ReadReport,
        throttle: Throttle | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        signer: Callable[[HttpRequest], HttpRequest] | None = None,
        timeout_seconds: float = 60,
        max_attempts: int = 6,
        retry_budget_seconds: float = 600,
    ) -> None:
        self._runtime = runtime
        self._report = report
        self._throttle = throttle or NoThrottle()
        self._headers = {"User-Agent": _USER_AGENT, **(headers or {})}
        self._signer = signer
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        # A body that is streamed may take as long as it takes, but not stand still.
        self._stream_timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=timeout_seconds, sock_read=timeout_seconds
        )
        self._max_attempts = max_attempts
        self._retry_budget_seconds = retry_budget_seconds
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._session: aiohttp.ClientSession | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close connections and end the thread; the client opens anew when it is used again."""
        loop, thread = self._loop, self._thread
        if loop is None or thread is None:
            return
        asyncio.run_coroutine_threadsafe(self._close_session(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
        self._loop = self._thread = self._session = None

    def send(self, request: HttpRequest) -> HttpResponse:
        """Make a request, again and again where that may help.

        Raises:
            HttpStatusError: The answer is a refusal that will not pass.
            RetryLaterError: It did not succeed in the attempts and the time that there are.
        """
        self._wait_for_turn(request)
        return self._settled(request, self._begin(request))

    def send_all(self, requests: Iterable[HttpRequest], *, ahead: int) -> Iterator[HttpResponse]:
        """Make requests with some of them in flight at a time, and yield their answers in order.

        Args:
            requests: The requests; asked for one by one, as there is room.
            ahead: How many may be in flight.

        Raises:
            HttpStatusError: As `send`.
            RetryLaterError: As `send`.
        """
        flying: deque[tuple[HttpRequest, Future[HttpResponse]]] = deque()
        try:
            for request in requests:
                self._wait_for_turn(request)
                flying.append((request, self._begin(request)))
                if len(flying) >= ahead:
                    yield self._settled(*flying.popleft())
            while flying:
                yield self._settled(*flying.popleft())
        finally:
            for _, future in flying:
                future.cancel()

    def lines(self, request: HttpRequest) -> Iterator[bytes]:
        """The lines of a body of any size, in constant memory, without their line ends.

        A transfer that breaks off is taken up where it broke, by a range request, or by skipping what was already read
        where the server knows no ranges.

        Raises:
            HttpStatusError: As `send`.
            RetryLaterError: As `send`.
        """
        rest = b""
        for chunk in self._chunks(request):
            pieces = (rest + chunk).split(b"\n")
            rest = pieces.pop()
            yield from pieces
        if rest:
            yield rest

    def _chunks(self, request: HttpRequest) -> Iterator[bytes]:
        received = 0
        attempt = 1
        while True:
            try:
                for chunk in self._chunks_from(request, received):
                    received += len(chunk)
                    attempt = 1
                    yield chunk
            except _BROKEN as error:
                reason = _in_words(error)
            else:
                return
            # Out here, so that no traceback leads back to an error that names the address with its query.
            attempt = self._next_attempt(request, attempt, 0.0, reason)[0]

    def _chunks_from(self, request: HttpRequest, start: int) -> Iterator[bytes]:
        self._wait_for_turn(request)
        self._count(request)
        answer = self._run(self._open_body(self._signer(request) if self._signer else request, start))
        try:
            if answer.status == 416 and start:
                return  # it broke off after the last byte
            skip = 0 if answer.status == 206 else start
            if not 200 <= answer.status < 300:
                refusal = HttpResponse(answer.status, answer.headers, self._run(answer.read()), _place(request))
                if answer.status in _PASSING:
                    raise aiohttp.ClientPayloadError(f"HTTP {answer.status}")
                raise HttpStatusError(refusal)
            while chunk := self._run(answer.content.read(_CHUNK_BYTES)):
                if skip >= len(chunk):
                    skip -= len(chunk)
                    continue
                yield chunk[skip:]
                skip = 0
        finally:
            self._call(answer.close)

    async def _open_body(self, request: HttpRequest, start: int) -> aiohttp.ClientResponse:
        headers = dict(request.headers)
        if start:
            headers["Range"] = f"bytes={start}-"
        # A compressed body cannot be taken up in the middle.
        headers["Accept-Encoding"] = "identity"
        session = await self._opened_session()
        return await session.request(
            request.method, request.url, params=request.params, headers=headers, timeout=self._stream_timeout
        )

    def _settled(self, request: HttpRequest, future: Future[HttpResponse]) -> HttpResponse:
        """The answer to a request that has been sent, whatever it takes."""
        attempt, waited = 1, 0.0
        while True:
            asked: float | None = None
            try:
                response = future.result()
            except _BROKEN as error:
                reason = _in_words(error)
            else:
                wait = self._throttle.after(request, response)
                if wait is not None:
                    # Being asked to slow down is no failure: it costs time and no attempt.
                    self._wait(wait)
                    future = self._begin(request)
                    continue
                if 200 <= response.status < 300 or response.status in request.accepts:
                    return response
                if response.status not in _PASSING:
                    raise HttpStatusError(response)
                asked = response.retry_after_seconds
                reason = f"HTTP {response.status}"
            attempt, waited = self._next_attempt(request, attempt, waited, reason, asked)
            self._wait_for_turn(request)
            future = self._begin(request)

    def _next_attempt(
        self, request: HttpRequest, attempt: int, waited: float, reason: str, asked: float | None = None
    ) -> tuple[int, float]:
        """Wait before the next attempt, or give up."""
        backoff = min(_FIRST_BACKOFF_SECONDS * 2 ** (attempt - 1), _LONGEST_BACKOFF_SECONDS)
        # Half of it is chance, so that many stores that failed together do not come back together.
        wait = asked if asked is not None else backoff * (0.5 + self._runtime.random.random() / 2)
        if attempt >= self._max_attempts or waited + wait > self._retry_budget_seconds:
            raise RetryLaterError(
                f"{_place(request)} did not answer in {attempt} {'attempt' if attempt == 1 else 'attempts'} "
                f"(the last one: {reason}); what was read is kept, and the next run goes on from there",
                retry_after_seconds=asked,
            )
        self._wait(wait)
        return attempt + 1, waited + wait

    def _wait_for_turn(self, request: HttpRequest) -> None:
        self._wait(self._throttle.before(request))

    def _wait(self, seconds: float) -> None:
        if seconds > 0:
            self._report.wait_count += 1
            self._report.wait_seconds += seconds
            self._runtime.sleep(seconds)

    def _count(self, request: HttpRequest) -> None:
        counts = self._report.request_counts
        counts[request.stream] = counts.get(request.stream, 0) + 1

    def _begin(self, request: HttpRequest) -> Future[HttpResponse]:
        self._count(request)
        signed = self._signer(request) if self._signer else request
        return asyncio.run_coroutine_threadsafe(self._attempt(signed), self._opened_loop())

    async def _attempt(self, request: HttpRequest) -> HttpResponse:
        session = await self._opened_session()
        async with session.request(
            request.method,
            request.url,
            params=request.params,
            headers=dict(request.headers),
            json=request.json,
            data=request.form,
            timeout=self._timeout,
            allow_redirects=False,
        ) as answer:
            return HttpResponse(answer.status, answer.headers, await answer.read(), _place(request))

    async def _opened_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                headers=self._headers,
                cookie_jar=aiohttp.DummyCookieJar(),
                middlewares=(_tell_disconnections,),
                max_field_size=_LONGEST_HEADER_BYTES,
            )
        return self._session

    async def _close_session(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _opened_loop(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=self._loop.run_forever, name="http", daemon=True)
            self._thread.start()
        return self._loop

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._opened_loop()).result()

    def _call(self, function: Any) -> None:  # noqa: ANN401 - any callable without arguments
        self._opened_loop().call_soon_threadsafe(function)


def _place(request: HttpRequest) -> str:
    """Where a request goes, without its query: it may hold keys and addresses of people."""
    parts = urlsplit(request.url)
    return f"{parts.scheme}://{parts.netloc}{parts.path}"


def _in_words(error: BaseException) -> str:
    if isinstance(error, asyncio.TimeoutError):
        return "it timed out"
    if isinstance(error, aiohttp.ClientResponseError):
        # In its own words it names the address with its query, which may hold keys.
        return f"no answer that is HTTP: {error.message.partition(chr(10))[0]}"
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0]}" if str(error) else type(error).__name__
