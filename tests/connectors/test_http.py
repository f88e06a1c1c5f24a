"""The sources' HTTP client against a server that misbehaves in every way that servers do."""

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from traceback import format_exception
from types import SimpleNamespace
from typing import Any

import pytest

from connectors.http import HttpClient, HttpRequest, HttpResponse, HttpStatusError
from connectors.source import ReadReport, SourceRuntime
from models.errors import RetryLaterError

Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Waits:
    """Takes the place of sleeping, and remembers."""

    seconds: list[float] = field(default_factory=list)

    def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


class NoSecrets:
    def get(self, _name: str) -> str | None:
        return None

    def set(self, name: str, _value: str) -> None:
        raise AssertionError(name)


def body(content: bytes, status: int = 200, **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response_only(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    return answer


def reset(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True


def half_a_body(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"half": ')
    handler.close_connection = True


@contextmanager
def server(*answers: Answer) -> Iterator[tuple[str, list[SimpleNamespace]]]:
    """Gives the answers in their order, the last one for ever."""
    waiting = list(answers)
    seen: list[SimpleNamespace] = []
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            with lock:
                seen.append(SimpleNamespace(path=self.path, headers=self.headers))
                answer = waiting.pop(0) if len(waiting) > 1 else waiting[0]
            answer(self)

        def log_message(self, *_: Any) -> None: ...

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{running.server_address[1]}/orders", seen
    finally:
        running.shutdown()
        thread.join()
        running.server_close()


@dataclass
class Sent:
    client: HttpClient
    report: ReadReport
    waits: Waits


@pytest.fixture
def sent() -> Iterator[Sent]:
    report, waits = ReadReport(), Waits()
    runtime = SourceRuntime(
        clock=lambda: datetime(2026, 1, 1, tzinfo=UTC), sleep=waits, random=random.Random(1), secrets=NoSecrets()
    )
    with HttpClient(runtime, report, timeout_seconds=5) as client:
        yield Sent(client, report, waits)


def get(url: str, **options: Any) -> HttpRequest:
    return HttpRequest("GET", url, stream="orders", **options)


def test_an_answer_is_decoded_without_a_float(sent: Sent) -> None:
    with server(body(b'{"total": 17.993333333333332, "count": 3}')) as (url, _):
        answer = sent.client.send(get(url)).json(dict[str, Any])
    assert answer == {"total": Decimal("17.993333333333332"), "count": 3}
    assert sent.report.request_counts == {"orders": 1}


@pytest.mark.parametrize("failure", [reset, half_a_body, body(b"", 503), body(b"", 500), body(b"", 429)])
def test_a_passing_failure_is_repeated_after_a_wait_that_grows(sent: Sent, failure: Answer) -> None:
    with server(failure, failure, failure, body(b"[]")) as (url, _):
        assert sent.client.send(get(url)).content == b"[]"
    assert len(sent.waits.seconds) == 3
    for wait, base in zip(sent.waits.seconds, (1, 2, 4), strict=True):
        assert base / 2 <= wait <= base
    assert sent.report.wait_count == 3
    assert sent.report.wait_seconds == pytest.approx(sum(sent.waits.seconds))
    assert sent.report.request_counts == {"orders": 4}


def test_a_long_header_is_no_hindrance(sent: Sent) -> None:
    with server(body(b"[]", Content_Security_Policy="x" * 50_000)) as (url, seen):
        assert sent.client.send(get(url)).content == b"[]"
        assert len(seen) == 1


def test_the_wait_is_what_the_server_asks_for(sent: Sent) -> None:
    as_date = body(
        b"", 503, Retry_After="Thu, 01 Jan 2026 00:00:40 GMT", Date="Thu, 01 Jan 2026 00:00:10 GMT", Connection="close"
    )
    with server(body(b"", 429, Retry_After="7"), as_date, body(b"ok")) as (url, _):
        assert sent.client.send(get(url)).content == b"ok"
    assert sent.waits.seconds == [7, 30]


def test_every_attempt_is_signed_anew() -> None:
    numbers = iter(range(10))

    def sign(request: HttpRequest) -> HttpRequest:
        return replace(request, params=[*request.params, ("nonce", str(next(numbers)))])

    runtime = SourceRuntime(lambda: datetime(2026, 1, 1, tzinfo=UTC), Waits(), random.Random(1), NoSecrets())
    with (
        server(reset, body(b"", 503), body(b"ok")) as (url, seen),
        HttpClient(runtime, ReadReport(), signer=sign) as client,
    ):
        client.send(get(url))
    assert [request.path.rpartition("nonce=")[2] for request in seen] == ["0", "1", "2"]


def test_a_date_to_wait_for_is_measured_on_the_servers_clock() -> None:
    headers = {"Retry-After": "Thu, 01 Jan 2026 00:00:40 GMT", "Date": "Thu, 01 Jan 2026 00:00:10 GMT"}
    assert HttpResponse(503, headers, b"").retry_after_seconds == 30
    assert HttpResponse(503, {"Retry-After": "soon"}, b"").retry_after_seconds is None


def test_after_the_last_attempt_it_says_what_to_expect_without_the_query(sent: Sent) -> None:
    with server(body(b"", 502)) as (url, seen), pytest.raises(RetryLaterError) as raised:
        sent.client.send(get(url, params=[("consumer_secret", "cs_verysecret")]))
    assert len(seen) == 6
    assert "HTTP 502" in str(raised.value)
    assert "verysecret" not in str(raised.value)


def no_http(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n<b>Warning</b>: broken\r\nContent-Length: 2\r\n\r\n[]")
    handler.close_connection = True


def test_an_answer_that_is_no_http_is_told_without_the_query(sent: Sent) -> None:
    keys = [("consumer_secret", "cs_hidden")]
    with server(no_http) as (url, seen), pytest.raises(RetryLaterError, match="no answer that is HTTP") as failure:
        sent.client.send(get(url, params=keys))
    assert "cs_hidden" not in "".join(format_exception(failure.value))
    assert len(seen) == 6


def test_a_big_body_that_is_no_http_is_told_without_the_query(sent: Sent) -> None:
    keys = [("signature", "hidden")]
    with server(no_http) as (url, _), pytest.raises(RetryLaterError, match="no answer that is HTTP") as failure:
        list(sent.client.lines(get(url, params=keys)))
    assert "hidden" not in "".join(format_exception(failure.value))


def test_a_request_shows_nothing_that_lets_anybody_in() -> None:
    request = HttpRequest(
        "POST",
        "https://shop.example.com/orders",
        params=[("consumer_secret", "cs_hidden")],
        headers={"Authorization": "Basic hidden"},
        json={"email": "hidden@example.com"},
        form={"client_secret": "hidden"},
    )
    assert "hidden" not in repr(request)
    assert "shop.example.com/orders" in repr(request)


def test_a_refusal_is_not_repeated(sent: Sent) -> None:
    with server(body(b'{"code": "no"}', 401)) as (url, seen), pytest.raises(HttpStatusError) as raised:
        sent.client.send(get(url))
    assert raised.value.response.status == 401
    assert len(seen) == 1
    assert sent.waits.seconds == []


def test_an_accepted_status_comes_as_it_is(sent: Sent) -> None:
    with server(body(b"", 404)) as (url, _):
        assert sent.client.send(get(url, accepts=frozenset({404}))).status == 404


def test_an_allowance_that_is_used_up_costs_time_and_no_attempt() -> None:
    class Slow:
        def __init__(self) -> None:
            self.asked = 0

        def before(self, _request: HttpRequest) -> float:
            return 2.0

        def after(self, _request: HttpRequest, _response: HttpResponse) -> float | None:
            self.asked += 1
            return 3.0 if self.asked <= 20 else None

    report, waits = ReadReport(), Waits()
    runtime = SourceRuntime(lambda: datetime(2026, 1, 1, tzinfo=UTC), waits, random.Random(1), NoSecrets())
    with server(body(b"done")) as (url, seen), HttpClient(runtime, report, Slow()) as client:
        assert client.send(get(url)).content == b"done"
    assert len(seen) == 21
    assert waits.seconds == [2.0, *[3.0] * 20]


def test_answers_come_in_order_though_requests_fly_together(sent: Sent) -> None:
    def numbered(handler: BaseHTTPRequestHandler) -> None:
        body(handler.path.rpartition("=")[2].encode())(handler)

    with server(numbered) as (url, _):
        answers = sent.client.send_all((get(url, params=[("page", str(n))]) for n in range(25)), ahead=4)
        assert [answer.content for answer in answers] == [str(n).encode() for n in range(25)]


def test_one_of_many_that_fails_is_repeated_in_its_place(sent: Sent) -> None:
    with server(body(b"a"), reset, body(b"b")) as (url, _):
        answers = [answer.content for answer in sent.client.send_all([get(url)] * 5, ahead=1)]
    assert answers == [b"a", b"b", b"b", b"b", b"b"]


@pytest.mark.parametrize("knows_ranges", [True, False])
def test_a_big_body_that_breaks_off_is_taken_up_where_it_broke(sent: Sent, knows_ranges: bool) -> None:
    content = b"".join(b'{"line": %d}\n' % n for n in range(200_000)) + b"last"
    broken_at = 2_500_001

    def breaks(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content[:broken_at])
        handler.close_connection = True

    def goes_on(handler: BaseHTTPRequestHandler) -> None:
        start = int(handler.headers["Range"].removeprefix("bytes=").removesuffix("-"))
        body(content[start:], 206)(handler) if knows_ranges else body(content)(handler)

    with server(breaks, goes_on) as (url, seen):
        assert b"\n".join(sent.client.lines(get(url))) == content
    assert [request.headers["Range"] is not None for request in seen] == [False, True]


def test_a_big_body_that_is_refused_says_so(sent: Sent) -> None:
    with server(body(b"expired", 403)) as (url, _), pytest.raises(HttpStatusError) as raised:
        list(sent.client.lines(get(url)))
    assert raised.value.response.content == b"expired"
