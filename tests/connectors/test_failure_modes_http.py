"""What users of other connectors complain of, as far as it happens on the line: waits, and keys that go astray."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from mirror import Clock, runtime

from connectors.http import HttpClient, HttpRequest, HttpResponse, HttpStatusError
from connectors.sandbox.faults import Fault, Faults
from connectors.sandbox.serving import Reply, SandboxServer, running_server
from connectors.source import ReadReport, SourceRuntime
from connectors.sources.shopify.throttle import CostThrottle
from models.errors import RetryLaterError


@pytest.fixture
def server() -> Iterator[SandboxServer]:
    with running_server(lambda _: Reply(b"[]"), Clock(), faults=Faults()) as running:
        yield running


THROTTLED = HttpResponse(
    200,
    {},
    b'{"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}], "extensions": {"cost": '
    b'{"requestedQueryCost": 900, "actualQueryCost": null, "throttleStatus": '
    b'{"maximumAvailable": 2000, "currentlyAvailable": 300, "restoreRate": 100}}}}',
)


@dataclass
class Waits:
    """Takes the place of sleeping, and remembers."""

    seconds: list[float] = field(default_factory=list)

    def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


def client_of(seed: int, waits: Waits, *, retry_budget_seconds: float = 600) -> HttpClient:
    known = runtime(Clock())
    own = SourceRuntime(known.clock, waits, random.Random(seed), known.secrets)
    return HttpClient(own, ReadReport(), retry_budget_seconds=retry_budget_seconds)


def test_r11_stores_that_failed_together_do_not_come_back_together(server: SandboxServer) -> None:
    waits = []
    for seed in range(5):
        server.faults.add(Fault(status=503), times=3)
        own = Waits()
        with client_of(seed, own) as client:
            client.send(HttpRequest("GET", f"{server.url}/orders", stream="orders"))
        assert len(own.seconds) == 3
        waits.append(tuple(own.seconds))
    assert len(set(waits)) == 5


def test_r11_shops_that_were_throttled_together_do_not_come_back_together() -> None:
    query = HttpRequest("POST", "https://shop.test/graphql.json", json={"operationName": "Orders"})
    random_of = [random.Random(seed).random for seed in range(5)]
    waits = [CostThrottle(ReadReport(), Clock(), own).after(query, THROTTLED) for own in random_of]
    assert len(set(waits)) == 5
    assert all(wait is not None and 6 <= wait <= 7.5 for wait in waits)


def test_r11_a_server_that_asks_for_hours_is_left_for_the_next_run(server: SandboxServer) -> None:
    """Failure mode 16: a budget bounds what one request waits in all, however few its attempts are."""
    server.faults.add(Fault(status=429, retry_after="250"), times=float("inf"))
    waits = Waits()
    with client_of(1, waits, retry_budget_seconds=600) as client, pytest.raises(RetryLaterError) as raised:
        client.send(HttpRequest("GET", f"{server.url}/orders", stream="orders"))
    assert waits.seconds == [250, 250]
    assert raised.value.retry_after_seconds == 250


def test_a_key_does_not_follow_a_redirect_to_another_host(server: SandboxServer) -> None:
    moved = Fault(status=302, headers={"Location": f"{server.url}/elsewhere"})
    server.faults.add(moved, path="/orders")
    with client_of(1, Waits()) as client, pytest.raises(HttpStatusError) as raised:
        client.send(HttpRequest("GET", f"{server.url}/orders", headers={"X-Auth-Token": "secret"}, stream="orders"))
    assert raised.value.response.status == 302
    assert [request.path for request in server.requests()] == ["/orders"]
