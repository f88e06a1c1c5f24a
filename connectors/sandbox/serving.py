"""The HTTP end that every sandbox platform has: a thread with a server, a log of what came, and faults.

A platform is one function from a request to a reply. It runs in the server's thread, one request at a time, so that
what a test sees is repeatable; the time that clients are told is the shop's own.
"""

import asyncio
import socket
import struct
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import partial
from typing import Self

from aiohttp import web

from connectors.sandbox.faults import Exchange, Fault, Faults, Request, named
from connectors.sandbox.journal import Journal
from connectors.sandbox.listening import listening, served

_LARGEST_REQUEST_BYTES = 64 << 20

Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Reply:
    """What a platform answers.

    Attributes:
        body: The body, or its pieces, which are fetched as the client reads them and sent in chunks.
        status: The HTTP status.
        content_type: The body's type, with its charset.
        headers: Further headers.
    """

    body: bytes | Iterable[bytes] = b""
    status: int = 200
    content_type: str = "application/json; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


Platform = Callable[[Request], Reply]


class SandboxServer:
    """A platform that listens on the loopback address.

    Attributes:
        url: Its address without a path, such as http://127.0.0.1:40123.
        faults: What it does to requests.
        log: Every request and how it was answered, oldest first.
    """

    def __init__(self, platform: Platform, clock: Clock, faults: Faults) -> None:
        self.url = ""
        self.faults = faults
        self.log: list[Exchange] = []
        self._platform = platform
        self._clock = clock
        self._stopping = asyncio.Event()

    def requests(self, path: str = "") -> list[Request]:
        """The requests whose path contains this."""
        return [exchange.request for exchange in list(self.log) if path in exchange.request.path]

    async def handle(self, received: web.Request) -> web.StreamResponse:
        """Answer one request, well or as a fault says."""
        request = Request(
            received.method,
            received.path,
            received.rel_url.raw_query_string,
            {name.lower(): value for name, value in received.headers.items()},
            await received.read(),
        )
        at = self._clock()
        if self.faults.before_each is not None:
            self.faults.before_each(request)
        fault = self.faults.take(request)
        if fault is None:
            reply = self._platform(request)
            self.log.append(Exchange(request, reply.status, None, at))
            return await self._send(received, reply)
        return await self._mistreat(received, named(request, fault), fault, at)

    async def _mistreat(
        self, received: web.Request, request: Request, fault: Fault, at: datetime
    ) -> web.StreamResponse:
        if fault.delay_seconds:
            await asyncio.sleep(fault.delay_seconds)
        is_silent = (fault.resets or fault.hangs) and fault.cuts_after is None
        is_served = fault.takes or not (is_silent or fault.status is not None)
        reply = self._platform(request) if is_served else Reply()
        if fault.status is not None:
            reply = Reply(fault.body, fault.status, fault.content_type)
        headers = {**reply.headers, **fault.headers}
        if fault.retry_after is not None:
            headers["Retry-After"] = fault.retry_after
        reply = Reply(reply.body, reply.status, reply.content_type, headers)
        self.log.append(Exchange(request, 0 if is_silent else reply.status, fault, at))
        if is_silent:
            if fault.hangs:
                await self._stopping.wait()
            _cut(received, is_reset=fault.resets)
            return web.Response(status=500)
        if fault.cuts_after is not None:
            return await self._send_part(received, reply, fault)
        return await self._send(received, reply)

    async def _send(self, received: web.Request, reply: Reply) -> web.StreamResponse:
        headers = self._headers(reply)
        if isinstance(reply.body, bytes):
            return web.Response(body=reply.body, status=reply.status, headers=headers)
        response = web.StreamResponse(status=reply.status, headers=headers)
        await response.prepare(received)
        for piece in reply.body:
            await response.write(piece)
        await response.write_eof()
        return response

    async def _send_part(self, received: web.Request, reply: Reply, fault: Fault) -> web.StreamResponse:
        """The true headers, with the true length, and less body than they promise."""
        headers = self._headers(reply)
        response = web.StreamResponse(status=reply.status, headers=headers)
        if isinstance(reply.body, bytes):
            response.content_length = len(reply.body)
        await response.prepare(received)
        left = fault.cuts_after or 0
        for piece in [reply.body] if isinstance(reply.body, bytes) else reply.body:
            await response.write(piece[:left])
            left -= len(piece)
            if left <= 0:
                break
        if fault.hangs:
            await self._stopping.wait()
        _cut(received, is_reset=fault.resets)
        return response

    def _headers(self, reply: Reply) -> dict[str, str]:
        date = format_datetime(self._clock().astimezone(UTC), usegmt=True)
        return {"Date": date, "Content-Type": reply.content_type, **reply.headers}

    async def listen(self, port: int, on_ready: Callable[[], None], until: asyncio.Event) -> None:
        """Serve on the loopback address until an event."""
        self._stopping = until
        application = web.Application(client_max_size=_LARGEST_REQUEST_BYTES)
        application.router.add_route("*", "/{tail:.*}", self.handle)

        def ready(url: str) -> None:
            self.url = url
            on_ready()

        await served(application, port, ready, until, cancels_handlers=True)


def _cut(received: web.Request, *, is_reset: bool) -> None:
    transport = received.transport
    if transport is None:
        return
    if is_reset:
        connection = transport.get_extra_info("socket")
        # A connection without lingering ends in a reset, not in an orderly close.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    else:
        transport.close()


@contextmanager
def running_server(
    platform: Platform, clock: Clock, *, port: int = 0, faults: Faults | None = None
) -> Iterator[SandboxServer]:
    """A platform's server in a thread of this process, for as long as the block lasts.

    Args:
        platform: Answers requests; called in the server's thread only.
        clock: The shop's clock, which decides the Date header.
        port: Where to listen on 127.0.0.1; 0 for any free port.
        faults: Rules made beforehand.

    Raises:
        OSError: The port is taken.
    """
    server = SandboxServer(platform, clock, faults or Faults())
    with listening(partial(server.listen, port), name="sandbox"):
        yield server


@dataclass
class JournaledPlatform(ABC):
    """A platform whose state its journal rebuilds, and which can be reached while it runs.

    Attributes:
        journal: Its log.
        clock: Its time.
        server: Its server; None before it runs.
    """

    journal: Journal
    clock: Clock
    server: SandboxServer | None = field(default=None, init=False)

    @abstractmethod
    def answer(self, request: Request) -> Reply:
        """Answer one request."""

    @property
    def url(self) -> str:
        """What the destination is told."""
        return self.server.url if self.server else ""

    @property
    def faults(self) -> Faults:
        """How its requests are mistreated."""
        if self.server is None:
            raise RuntimeError("the sandbox is not running")
        return self.server.faults

    @contextmanager
    def running(self, *, port: int = 0, faults: Faults | None = None) -> Iterator[Self]:
        """The platform in a thread of this process, for as long as the block lasts; arguments as of `running_server`.

        Raises:
            OSError: The port is taken.
        """
        with running_server(self.answer, self.clock, port=port, faults=faults) as server:
            self.server = server
            yield self
