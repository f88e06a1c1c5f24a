"""Misbehaviour on request: what a sandbox server does to the requests that a test picks.

Rules are made before or while a server runs, from any thread. Each is used up by the requests that it matches; a
request that no rule matches is served well.
"""

import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from random import Random
from urllib.parse import parse_qsl


@dataclass(frozen=True)
class Request:
    """A request as it came.

    Attributes:
        method: In capitals.
        path: Without the query; percent escapes resolved.
        query: The query as sent, without the question mark.
        headers: By name in lower case.
        body: As sent.
        fault: The name of the fault that the server's platform shall play; empty for none.
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    fault: str = ""

    @property
    def params(self) -> dict[str, str]:
        """The query's parameters; of a repeated one the last, as PHP and Rails read it."""
        return dict(self.pairs)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The query's parameters in the order in which they came."""
        return parse_qsl(self.query, keep_blank_values=True)


@dataclass(frozen=True)
class Fault:
    """How one request is mistreated; what isn't given is as it would have been.

    Attributes:
        status: Answered instead of what the platform would answer, with `body` and `headers`.
        body: The body that comes with `status`.
        content_type: Its declared type.
        headers: Added to the answer.
        retry_after: The header of that name, in seconds or as a date.
        takes: Whether the platform acts on the request although it answers `status`, resets or hangs.
        resets: The connection is reset, without any answer, or in the middle of the body with `cuts_after`.
        cuts_after: The true answer's headers and so many bytes of its body; then the connection ends.
        hangs: No answer comes, or with `cuts_after` none more, until the client gives up or the server stops.
        delay_seconds: Waited before the answer.
        name: A fault of the platform's own that its server plays, such as a throttled reply with status 200.
    """

    status: int | None = None
    body: bytes = b""
    content_type: str = "text/html"
    headers: Mapping[str, str] = field(default_factory=dict)
    retry_after: str | None = None
    takes: bool = False
    resets: bool = False
    cuts_after: int | None = None
    hangs: bool = False
    delay_seconds: float = 0.0
    name: str = ""


@dataclass
class _Rule:
    faults: deque[Fault]
    matches: Callable[[Request], bool]
    skips: int
    times: float
    left: float


@dataclass(frozen=True)
class Exchange:
    """A request and what became of it.

    Attributes:
        request: As it came.
        status: The answer's status; 0 if none was sent.
        fault: What was done to it; None if it was served well.
        at: The shop's time at which it came.
    """

    request: Request
    status: int
    fault: Fault | None
    at: datetime


class Faults:
    """The rules of one server.

    Attributes:
        before_each: Called with every request before it is served, and before its fault: what it changes in the shop
            happens between two requests of a client, such as two pages of a list.
    """

    def __init__(self) -> None:
        self.before_each: Callable[[Request], None] | None = None
        self._lock = threading.Lock()
        self._rules: list[_Rule] = []
        self._draw: Callable[[Request], Fault | None] = lambda _: None

    def add(
        self,
        *faults: Fault,
        path: str = "",
        contains: str = "",
        when: Callable[[Request], bool] | None = None,
        skips: int = 0,
        times: float = 1,
    ) -> None:
        """Mistreat the next requests that match: the first by the first fault, and so on.

        Args:
            faults: What happens.
            path: Only requests whose path contains this.
            contains: Only requests whose query or body contains this.
            when: Only requests of which this holds.
            skips: So many matching requests are served well first.
            times: How many requests each fault is for; `float("inf")` for all of them.
        """

        def matches(request: Request) -> bool:
            if path not in request.path or (when is not None and not when(request)):
                return False
            return contains in request.query or contains.encode() in request.body

        with self._lock:
            self._rules.append(_Rule(deque(faults), matches, skips, times, times))

    def draw(self, random: Random, rate: float, *faults: Fault) -> None:
        """Mistreat a random share of all requests that no rule matches; a rate of 0 stops it."""
        with self._lock:
            self._draw = lambda _: random.choice(faults) if random.random() < rate else None

    def clear(self) -> None:
        """Serve every request well from now on."""
        with self._lock:
            self._rules.clear()
            self._draw = lambda _: None

    def take(self, request: Request) -> Fault | None:
        """The fault of a request, which is used up by it."""
        with self._lock:
            for rule in self._rules:
                if not rule.faults or not rule.matches(request):
                    continue
                if rule.skips > 0:
                    rule.skips -= 1
                    continue
                fault, rule.left = rule.faults[0], rule.left - 1
                if rule.left <= 0:
                    rule.faults.popleft()
                    rule.left = rule.times
                return fault
            return self._draw(request)


def named(request: Request, fault: Fault | None) -> Request:
    """The request with the name of its fault, for the platform to play."""
    return replace(request, fault=fault.name) if fault is not None and fault.name else request
