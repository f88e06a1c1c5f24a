"""The servers' misbehaviour must be the one that was asked for, or the tests that rely on it prove nothing."""

import http.client
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from connectors.sandbox.faults import Fault, Faults, Request
from connectors.sandbox.serving import Reply, SandboxServer, running_server

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)


class Counter:
    """A platform that counts what it acts on."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, request: Request) -> Reply:
        self.count += 1
        if request.path == "/stream":
            return Reply([b"one\n", b"two\n"], content_type="text/plain")
        return Reply(json.dumps({"count": self.count, "fault": request.fault}).encode(), headers={"X-Quota": "3"})


@pytest.fixture
def counter() -> Counter:
    return Counter()


@pytest.fixture
def server(counter: Counter) -> Iterator[SandboxServer]:
    with running_server(counter, lambda: NOW) as running:
        yield running


def get(url: str, path: str = "/", timeout: float = 10) -> tuple[int, dict[str, str], bytes]:
    try:
        with urlopen(url + path, timeout=timeout) as response:
            return response.status, dict(response.headers), response.read()
    except HTTPError as error:
        with error:
            return error.code, dict(error.headers), error.read()


def test_replies_carry_the_shop_s_time_and_the_platform_s_headers(server: SandboxServer) -> None:
    status, headers, body = get(server.url, "/orders?page=2&page=3&a=%C3%A9")
    assert (status, json.loads(body)["count"]) == (200, 1)
    assert headers["Date"] == "Sun, 01 Mar 2026 12:30:00 GMT"
    assert headers["X-Quota"] == "3"
    [exchange] = server.log
    assert (exchange.request.path, exchange.request.params) == ("/orders", {"page": "3", "a": "é"})
    assert (exchange.status, exchange.fault, exchange.at) == (200, None, NOW)


def test_a_body_can_be_sent_in_pieces(server: SandboxServer) -> None:
    assert get(server.url, "/stream")[2] == b"one\ntwo\n"


def test_faults_are_used_up_in_their_order_by_what_they_match(server: SandboxServer, counter: Counter) -> None:
    server.faults.add(Fault(status=503), Fault(status=429, retry_after="7"), path="/orders", skips=1)
    assert [get(server.url, path)[0] for path in ("/orders", "/other", "/orders")] == [200, 200, 503]
    status, headers, _ = get(server.url, "/orders")
    assert (status, headers["Retry-After"]) == (429, "7")
    assert get(server.url, "/orders")[0] == 200
    assert counter.count == 3
    assert [exchange.status for exchange in server.log] == [200, 200, 503, 429, 200]


def test_a_fault_can_act_and_not_say_so(server: SandboxServer, counter: Counter) -> None:
    server.faults.add(Fault(status=502, takes=True))
    assert get(server.url)[0] == 502
    assert counter.count == 1


def test_a_platform_plays_faults_of_its_own(server: SandboxServer) -> None:
    server.faults.add(Fault(name="throttled"), contains="x=1")
    assert [json.loads(get(server.url, f"/?x={x}")[2])["fault"] for x in (2, 1, 1)] == ["", "throttled", ""]


def test_a_reset_is_a_reset(server: SandboxServer, counter: Counter) -> None:
    server.faults.add(Fault(resets=True))
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=10)
    connection.request("GET", "/")
    with pytest.raises(ConnectionResetError):
        connection.getresponse()
    connection.close()
    assert counter.count == 0
    assert server.log[0].status == 0


def test_half_a_body_has_the_whole_body_s_length(server: SandboxServer) -> None:
    server.faults.add(Fault(cuts_after=5))
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=10)
    connection.request("GET", "/")
    with pytest.raises(http.client.IncompleteRead) as caught:
        connection.getresponse().read()
    connection.close()
    assert caught.value.partial == b'{"cou'
    assert caught.value.expected is not None
    assert caught.value.expected > 0


def test_half_a_stream_has_no_end(server: SandboxServer) -> None:
    server.faults.add(Fault(cuts_after=6))
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=10)
    connection.request("GET", "/stream")
    with pytest.raises(http.client.IncompleteRead) as caught:
        connection.getresponse().read()
    connection.close()
    assert caught.value.partial in {b"one\ntw", b"one\n"}  # a torn chunk may be all that arrives of it


def test_a_server_that_hangs_still_stops(counter: Counter) -> None:
    with running_server(counter, lambda: NOW) as server:
        server.faults.add(Fault(hangs=True), Fault(hangs=True, cuts_after=3))
        for _ in range(2):
            with pytest.raises(TimeoutError):
                get(server.url, timeout=0.2)
    assert not [thread for thread in threading.enumerate() if thread.name == "sandbox"]


def test_the_shop_changes_between_two_requests(server: SandboxServer, counter: Counter) -> None:
    def ten_more(request: Request) -> None:
        counter.count += 10 if request.path == "/page2" else 0

    server.faults.before_each = ten_more
    assert [json.loads(get(server.url, path)[2])["count"] for path in ("/page1", "/page2")] == [1, 12]


def test_random_faults_follow_their_seed() -> None:
    def drawn(seed: int) -> list[bool]:
        faults = Faults()
        faults.draw(Random(seed), 0.5, Fault(status=500))
        return [faults.take(Request("GET", "/")) is not None for _ in range(20)]

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)
    faults = Faults()
    faults.draw(Random(1), 1.0, Fault(status=500))
    faults.clear()
    assert faults.take(Request("GET", "/")) is None


def test_a_taken_port_is_an_error_of_the_caller(server: SandboxServer, counter: Counter) -> None:
    port = int(server.url.rsplit(":", 1)[1])
    with (
        pytest.raises(OSError, match="address already in use"),
        running_server(counter, lambda: NOW, port=port),
    ):
        pytest.fail("two servers on one port")
