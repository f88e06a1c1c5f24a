"""A webhook's other end: a server on this machine that takes deliveries and keeps a log of its own.

What it logs is the truth about what was sent: it shares no code with the destination that sends, verifies signatures
with its own, and writes every request and every effect to disk before it answers. A repeated action key has no second
effect. It misbehaves on request, the ways that endpoints do.
"""

import asyncio
import contextlib
import hashlib
import hmac
import json
import signal
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from aiohttp import web

from connectors.sandbox.journal import Journal
from connectors.sandbox.listening import listening, served

_LARGEST_REQUEST_BYTES = 64 << 20


@dataclass
class Fault:
    """How one request is mistreated.

    Attributes:
        status: Answered instead of 200; nothing is taken unless `takes` says so.
        takes: Whether the records are taken all the same.
        drops: Whether the connection is cut instead of an answer.
        hangs: Whether no answer comes at all, until the sender gives up or the receiver stops.
        retry_after: The header of that name.
        body: Answered instead of results.
        content_type: The body's declared type.
        omits: Customers who are left out of the results (and are taken if `takes`).
    """

    status: int = 200
    takes: bool = False
    drops: bool = False
    hangs: bool = False
    retry_after: str | None = None
    body: str | None = None
    content_type: str = "application/json"
    omits: frozenset[str] = frozenset()


@dataclass
class Receiver:
    """The receiver's state, which its log rebuilds, and the faults it is asked for.

    Attributes:
        log_path: The append-only log, one JSON object per line.
        secret: What requests must be signed with.
        faults: Consumed in order, one per request; then requests are served well.
        rejected_customers: Customers whose records are refused inside a 200.
        retried_customers: Customers whose records are put off inside a 200.
        is_silent: Whether good requests are answered with an empty 204.
        forgets: Whether a repeated action key has a second effect, as at endpoints that know no idempotency.
        url: Where it listens, once it runs.
    """

    log_path: Path
    secret: str
    faults: deque[Fault] = field(default_factory=deque)
    rejected_customers: set[str] = field(default_factory=set)
    retried_customers: set[str] = field(default_factory=set)
    is_silent: bool = False
    forgets: bool = False
    url: str = ""
    _journal: Journal = field(init=False)
    _taken: dict[str, str] = field(default_factory=dict)
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._journal = Journal(self.log_path)
        self._taken = {entry["action_key"]: entry["digest"] for entry in self.effects()}

    def effects(self) -> list[dict[str, Any]]:
        """Every record that was taken: action key, merchant, audience, customer, operation and payload."""
        return self._journal.entries("effect")

    def requests(self) -> list[dict[str, Any]]:
        """Every request that came: whether its signature held, its batch key and its action keys."""
        return self._journal.entries("request")

    def held(self, merchant_id: str, audience: str) -> dict[str, dict[str, Any]]:
        """Who is in an audience as the receiver knows it, with the values it was last sent."""
        customers: dict[str, dict[str, Any]] = {}
        for effect in self.effects():
            if (effect["merchant_id"], effect["audience"]) == (merchant_id, audience):
                customers.pop(effect["customer_id"], None)
                if effect["operation"] == "upsert":
                    customers[effect["customer_id"]] = effect["payload"]
        return customers

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Take a batch: verify, log, and only then answer."""
        body = await request.read()
        is_signed = self._is_signed(request.headers.get("Perennial-Signature", ""), body)
        records = json.loads(body).get("deliveries", []) if is_signed else []
        facts = {
            "is_signed": is_signed,
            "idempotency_key": request.headers.get("Idempotency-Key"),
            "action_keys": [record["action_key"] for record in records],
        }
        self._journal.write("request", facts)
        if not is_signed:
            return web.json_response({"error": "the signature does not hold"}, status=401)
        fault = self.faults.popleft() if self.faults else None
        if fault is None:
            results = self._take(records)
            return web.Response(status=204) if self.is_silent else web.json_response({"results": results})
        return await self._mistreat(request, records, fault)

    async def _mistreat(self, request: web.Request, records: list[dict[str, Any]], fault: Fault) -> web.StreamResponse:
        results = self._take(records) if fault.takes else []
        if fault.hangs:
            await self._stopping.wait()
        if (fault.drops or fault.hangs) and request.transport is not None:
            request.transport.abort()
        headers = {"Retry-After": fault.retry_after} if fault.retry_after else {}
        if fault.omits:
            named = [r for r in results if r["action_key"] not in self._keys_of(records, fault.omits)]
            return web.json_response({"results": named}, status=fault.status, headers=headers)
        if fault.body is None:
            return web.Response(status=fault.status, headers=headers)
        return web.Response(
            status=fault.status, headers=headers, body=fault.body.encode(), content_type=fault.content_type
        )

    @staticmethod
    def _keys_of(records: list[dict[str, Any]], customers: frozenset[str]) -> set[str]:
        return {record["action_key"] for record in records if record["customer_id"] in customers}

    def _take(self, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Give every record its effect, once, and the result to answer."""
        results = []
        effects = []
        for record in records:
            key, customer_id = record["action_key"], record["customer_id"]
            digest = hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()
            if customer_id in self.rejected_customers:
                results.append({"action_key": key, "status": "rejected", "reason": "this customer is refused"})
            elif customer_id in self.retried_customers:
                results.append({"action_key": key, "status": "retry", "reason": "try this customer later"})
            elif self._taken.get(key, digest) != digest:
                results.append({"action_key": key, "status": "rejected", "reason": "the key came with other content"})
            else:
                if key not in self._taken or self.forgets:
                    effects.append({"digest": digest, **record})
                    self._taken[key] = digest
                results.append({"action_key": key, "status": "accepted", "reference": f"taken-{key[:12]}"})
        self._journal.write("effect", *effects)
        return results

    def _is_signed(self, header: str, body: bytes) -> bool:
        parts = dict(part.partition("=")[::2] for part in header.split(","))
        expected = hmac.new(self.secret.encode(), parts.get("t", "").encode() + b"." + body, "sha256").hexdigest()
        return hmac.compare_digest(expected.encode(), parts.get("v1", "").encode())

    async def listen(self, port: int, on_ready: Callable[[], None], until: asyncio.Event) -> None:
        """Serve on the loopback address until an event."""
        self._stopping = until
        application = web.Application(client_max_size=_LARGEST_REQUEST_BYTES)
        application.router.add_post("/deliveries", self.handle)

        def ready(url: str) -> None:
            self.url = f"{url}/deliveries"
            on_ready()

        await served(application, port, ready, until)


@contextmanager
def running_receiver(log_path: Path, secret: str, *, port: int = 0) -> Iterator[Receiver]:
    """A receiver in a thread of this process, for as long as the block lasts.

    Args:
        log_path: Its log; an existing one is continued.
        secret: What requests must be signed with.
        port: Where to listen on 127.0.0.1; 0 for any free port.

    Raises:
        OSError: The port is taken.
    """
    receiver = Receiver(log_path, secret)
    with listening(partial(receiver.listen, port), name="receiver"):
        yield receiver


def serve(log_path: Path, secret: str, *, port: int = 0, on_ready: Callable[[str], None] | None = None) -> None:
    """Run a receiver in this process until it is interrupted or terminated.

    Args:
        log_path: Its log; an existing one is continued.
        secret: What requests must be signed with.
        port: Where to listen on 127.0.0.1; 0 for any free port.
        on_ready: Told the address once it listens.
    """

    async def main() -> None:
        receiver = Receiver(log_path, secret)
        until = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, until.set)
        await receiver.listen(port, lambda: on_ready(receiver.url) if on_ready else None, until)

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
