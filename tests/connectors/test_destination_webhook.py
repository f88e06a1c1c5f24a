import hashlib
import hmac
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from connectors.destination import Delivery, DeliveryResult, Operation, Outcome
from connectors.destinations import DestinationSettings, build_destination
from connectors.destinations.webhook import WebhookDestination, WebhookSettings, batch_key, signature
from connectors.sandbox.receiver import Fault, Receiver, running_receiver
from connectors.sandbox.serving import Reply, running_server

SENT_AT = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
SECRET = "a secret of the test"


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    with running_receiver(tmp_path / "receiver.jsonl", SECRET) as running:
        yield running


def build(url: str, **settings: Any) -> WebhookDestination:
    values = {"type": "webhook", "name": "crm", "url": url, "secret": SECRET, "idempotency": "action_key", **settings}
    return WebhookDestination(WebhookSettings.model_validate(values))


def deliveries(count: int = 3) -> list[Delivery]:
    return [
        Delivery(f"key-{n}", "cdnow", "at_risk", f"c{n}", Operation.UPSERT, {"email": f"c{n}@shop.example"})
        for n in range(count)
    ]


def outcomes(results: list[DeliveryResult]) -> list[str]:
    return [result.outcome.value for result in results]


@pytest.mark.parametrize(
    ("values", "path", "words"),
    [
        ({"url": "http://crm.example.com/in"}, "url", "needs https"),
        ({"url": "http://127.0.0.1.example.com/in"}, "url", "needs https"),
        ({"url": "ftp://crm.example.com"}, "url", "https://crm.example.com/perennial"),
        ({"url": "crm.example.com"}, "url", "needs an address"),
        ({"url": "https://jo:pw@crm.example.com"}, "url", "holds credentials"),
        ({"secret": "short"}, "secret", "16"),
        ({"idempotency": "maybe"}, "idempotency", "action_key"),
        ({"batch_size": 0}, "batch_size", "1"),
        ({"timeout_seconds": 0}, "timeout_seconds", "0"),
        ({"colour": "red"}, "colour", "not permitted"),
    ],
)
def test_wrong_settings_name_their_key(values: dict[str, Any], path: str, words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        WebhookSettings.model_validate(
            {"type": "webhook", "name": "crm", "url": "https://crm.example.com", "secret": SECRET, **values}
        )
    [error] = caught.value.errors()
    assert ".".join(str(part) for part in error["loc"]) == path
    assert words in error["msg"]
    assert "pw" not in error["msg"]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "[::1]"])
def test_this_machine_may_be_spoken_to_in_the_clear(host: str) -> None:
    assert build(f"http://{host}:8080/in").kind == "webhook"


def test_settings_are_told_apart_by_type_and_keep_their_secret(tmp_path: Path) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(DestinationSettings)
    hook = adapter.validate_python(
        {"type": "webhook", "name": "crm", "url": "https://crm.example.com", "secret": SECRET}
    )
    assert SECRET not in repr(hook)
    built = build_destination(hook, tmp_path)
    assert (built.kind, built.name, built.batch_size, built.is_idempotent) == ("webhook", "crm", 100, False)
    assert SECRET not in repr(built)
    with pytest.raises(ValidationError, match="'webhook', 'file'"):
        adapter.validate_python({"type": "pigeon", "name": "crm"})


def test_one_record_per_request_where_only_the_header_tells_repeats() -> None:
    assert build("https://crm.example.com", idempotency="header").batch_size == 1
    with pytest.raises(ValidationError, match="batch_size: 1"):
        build("https://crm.example.com", idempotency="header", batch_size=10)


def test_the_signature_is_over_time_and_raw_body(receiver: Receiver) -> None:
    expected = hmac.new(SECRET.encode(), b"1767574800.{}", hashlib.sha256).hexdigest()
    assert signature(SECRET, 1767574800, b"{}") == f"t=1767574800,v1={expected}"
    build(receiver.url).send(deliveries(), sent_at=SENT_AT)
    wrong = build(receiver.url, secret="another secret altogether").send(deliveries(), sent_at=SENT_AT)
    assert outcomes(wrong) == ["retry"] * 3
    assert "check the destination's secret" in str(wrong[0].reason)
    assert [request["is_signed"] for request in receiver.requests()] == [True, False]
    assert receiver.requests()[0]["idempotency_key"] == batch_key(deliveries())
    assert len(receiver.effects()) == 3


def test_a_batchs_key_does_not_depend_on_its_order() -> None:
    assert batch_key(deliveries()) == batch_key(deliveries()[::-1])
    assert batch_key(deliveries(2)) != batch_key(deliveries(3))


def test_records_are_judged_one_by_one_inside_a_200(receiver: Receiver) -> None:
    receiver.rejected_customers.add("c0")
    receiver.retried_customers.add("c1")
    results = build(receiver.url).send(deliveries(), sent_at=SENT_AT)
    assert outcomes(results) == ["rejected", "retry", "accepted"]
    assert results[0].reason == "this customer is refused"
    assert results[2].provider_reference == "taken-key-2"
    assert [effect["customer_id"] for effect in receiver.effects()] == ["c2"]


def test_an_empty_2xx_accepts_the_batch(receiver: Receiver) -> None:
    receiver.is_silent = True
    assert outcomes(build(receiver.url).send(deliveries(), sent_at=SENT_AT)) == ["accepted"] * 3


# What each answer means: to an endpoint that tells repeats, and to one that does not.
ANSWERS: list[tuple[str, Fault, str, str]] = [
    ("plain 200", Fault(body="ok", content_type="text/html"), "accepted", "accepted"),
    ("other json", Fault(body='{"status": "done"}'), "accepted", "accepted"),
    ("errors in a 200", Fault(body='{"errors": ["one of them"]}'), "retry", "maybe_sent"),
    ("failure in a 200", Fault(body='{"success": false}'), "retry", "maybe_sent"),
    ("half a body", Fault(body='{"results": [{"action_'), "retry", "maybe_sent"),
    ("no results", Fault(body='{"results": []}'), "retry", "maybe_sent"),
    ("strange results", Fault(body='{"results": ["x", {"action_key": 1}]}'), "retry", "maybe_sent"),
    ("207 without results", Fault(status=207), "retry", "maybe_sent"),
    ("204", Fault(status=204), "accepted", "accepted"),
    ("302", Fault(status=302), "retry", "maybe_sent"),
    ("307", Fault(status=307), "retry", "retry"),
    ("400", Fault(status=400), "rejected", "rejected"),
    ("401", Fault(status=401), "retry", "retry"),
    ("403", Fault(status=403), "retry", "retry"),
    ("404", Fault(status=404), "retry", "retry"),
    ("409", Fault(status=409), "retry", "rejected"),
    ("418", Fault(status=418), "rejected", "rejected"),
    ("429", Fault(status=429), "retry", "retry"),
    ("500", Fault(status=500), "retry", "maybe_sent"),
    ("500 that took it", Fault(status=500, takes=True), "retry", "maybe_sent"),
    ("502", Fault(status=502), "retry", "maybe_sent"),
    ("408", Fault(status=408), "retry", "maybe_sent"),
    ("503", Fault(status=503), "retry", "maybe_sent"),
    ("503 with a time", Fault(status=503, retry_after="30"), "retry", "retry"),
    ("dropped after taking", Fault(takes=True, drops=True), "retry", "maybe_sent"),
    ("dropped before taking", Fault(drops=True), "retry", "maybe_sent"),
    ("no answer in time", Fault(takes=True, hangs=True), "retry", "maybe_sent"),
    ("endless body", Fault(body="x" * (2 << 20), content_type="text/plain"), "retry", "maybe_sent"),
]


@pytest.mark.parametrize(("fault", "told", "untold"), [answer[1:] for answer in ANSWERS], ids=[a[0] for a in ANSWERS])
def test_what_an_answer_means(receiver: Receiver, fault: Fault, told: str, untold: str) -> None:
    for idempotency, expected in (("action_key", told), ("none", untold)):
        receiver.faults.append(fault)
        destination = build(receiver.url, idempotency=idempotency, timeout_seconds=0.3)
        [result] = destination.send(deliveries(1), sent_at=SENT_AT)
        assert result.outcome.value == expected
        assert bool(result.reason) is (expected != "accepted")
        assert not receiver.faults


def test_a_record_that_the_results_omit_is_not_known(receiver: Receiver) -> None:
    for idempotency, expected in (("action_key", "retry"), ("none", "maybe_sent")):
        receiver.faults.append(Fault(takes=True, omits=frozenset({"c1"})))
        results = build(receiver.url, idempotency=idempotency).send(deliveries(), sent_at=SENT_AT)
        assert outcomes(results) == ["accepted", expected, "accepted"]
    assert len(receiver.effects()) == 3


def test_contradicting_results_are_not_known(receiver: Receiver) -> None:
    said = [{"action_key": "key-0", "status": "accepted"}, {"action_key": "key-0", "status": "rejected"}]
    receiver.faults.append(Fault(body=json.dumps({"results": said})))
    assert outcomes(build(receiver.url).send(deliveries(1), sent_at=SENT_AT)) == ["retry"]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("30", 30.0),
        ("1.5", 1.5),
        ("Mon, 05 Jan 2026 01:01:00 GMT", 60.0),
        ("999999999", 86_400.0),
        ("Sun, 04 Jan 2026 01:00:00 GMT", None),
        ("-5", None),
        ("nan", None),
        ("soon", None),
        (None, None),
    ],
)
def test_retry_after_is_kept(receiver: Receiver, header: str | None, seconds: float | None) -> None:
    receiver.faults.append(Fault(status=429, retry_after=header))
    [result] = build(receiver.url).send(deliveries(1), sent_at=SENT_AT)
    assert result.outcome is Outcome.RETRY
    assert result.retry_at == (None if seconds is None else SENT_AT + timedelta(seconds=seconds))


def test_a_batch_refused_for_one_record_is_halved_until_it_is_alone() -> None:
    requests: list[list[str]] = []

    def respond(body: dict[str, Any]) -> tuple[int, dict[str, Any] | None]:
        customers = [record["customer_id"] for record in body["deliveries"]]
        requests.append(customers)
        return (422, None) if "c5" in customers else (200, None)

    with scripted_endpoint(respond) as url:
        results = build(url).send(deliveries(8), sent_at=SENT_AT)
    assert outcomes(results) == ["accepted"] * 5 + ["rejected"] + ["accepted"] * 2
    assert [result.action_key for result in results] == [d.action_key for d in deliveries(8)]
    assert len(requests) == 7


def test_no_half_goes_over_the_connection_of_the_one_before_it() -> None:
    with running_server(lambda _: Reply(b"", 422), lambda: SENT_AT) as server:
        build(server.url).send(deliveries(2), sent_at=SENT_AT)
        assert [request.headers.get("connection") for request in server.requests()] == ["close"] * 3


def test_the_header_only_body_is_the_same_at_every_attempt() -> None:
    bodies: list[dict[str, Any]] = []

    def respond(body: dict[str, Any]) -> tuple[int, dict[str, Any] | None]:
        bodies.append(body)
        return 200, None

    with scripted_endpoint(respond) as url:
        for minutes in (0, 5):
            build(url, idempotency="header").send(deliveries(1), sent_at=SENT_AT + timedelta(minutes=minutes))
            build(url).send(deliveries(1), sent_at=SENT_AT + timedelta(minutes=minutes))
    assert bodies[0] == bodies[2]
    assert bodies[3]["sent_at"] == "2026-01-05T01:05:00+00:00"


def test_a_redirect_is_not_followed() -> None:
    hits: list[str] = []

    def elsewhere(_body: dict[str, Any]) -> tuple[int, dict[str, Any] | None]:
        hits.append("elsewhere")
        return 200, None

    with scripted_endpoint(elsewhere) as target:

        def redirect(_body: dict[str, Any]) -> tuple[int, dict[str, Any] | None]:
            return 307, {"Location": target}

        with scripted_endpoint(redirect) as url:
            [result] = build(url).send(deliveries(1), sent_at=SENT_AT)
    assert result.outcome is Outcome.RETRY
    assert hits == []


def test_a_proxy_in_the_environment_is_not_used(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert outcomes(build(receiver.url).send(deliveries(1), sent_at=SENT_AT)) == ["accepted"]


def test_a_refused_connection_was_never_sent() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/"
        [result] = build(url, idempotency="none").send(deliveries(1), sent_at=SENT_AT)
    assert result.outcome is Outcome.RETRY
    assert "could not be reached" in str(result.reason)


@contextmanager
def scripted_endpoint(respond: Any) -> Iterator[str]:
    """A server of a few lines that answers each request as a function says; headers go where a body would."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, headers = respond(body)
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()
