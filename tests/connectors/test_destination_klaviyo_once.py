"""What Klaviyo is told once: events, and addresses that nothing is sent to any more."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from klaviyo_harness import Remembering, Time, klaviyo_settings, running_account
from openapi_documents import document, faults_of

from connectors.destination import Delivery, DeliveryResult, Operation
from connectors.destinations.klaviyo.suppressions import SUPPRESS, UNSUPPRESS
from connectors.outgoing import Event
from connectors.sandbox.faults import Fault
from connectors.sandbox.klaviyo import RunningKlaviyo, limits

NOW = datetime(2026, 1, 5, 1, 0, 30, tzinfo=UTC)


@pytest.fixture
def time() -> Time:
    return Time(NOW)


@pytest.fixture
def klaviyo(tmp_path: Path, time: Time) -> Iterator[RunningKlaviyo]:
    with running_account(tmp_path / "klaviyo.jsonl", time) as running:
        yield running


def build(klaviyo: RunningKlaviyo, time: Time, object_: str, **settings: Any) -> Remembering:
    return Remembering(klaviyo_settings(klaviyo.url, object=object_, **settings), time.pacing)


def event(number: int, *, hours_ago: float = 0, **values: Any) -> Delivery:
    happened = Event(
        name="Perennial win-back",
        email=f"c{number}@shop.example",
        occurred_at=(NOW - timedelta(hours=hours_ago)).isoformat(),
        properties={"product": "Ink, black", "days": 41},
        value="19.90",
        currency_code="EUR",
    )
    payload = {**happened.payload(), **values}
    return Delivery(f"key-{number}", "cdnow", "win-back", f"c{number}", Operation.SEND, payload)


def person(number: int, operation: Operation = Operation.UPSERT, **values: Any) -> Delivery:
    payload = {"customer_id": f"c{number}"} if operation is Operation.REMOVE else {"email": f"c{number}@shop.example"}
    return Delivery(f"{operation}-{number}", "cdnow", "silent", f"c{number}", operation, payload | values)


def outcomes(results: list[DeliveryResult]) -> list[str]:
    return [result.outcome.value for result in results]


def test_an_event_is_recorded_under_its_key_with_its_amount_as_a_number(klaviyo: RunningKlaviyo, time: Time) -> None:
    destination = build(klaviyo, time, "events")
    assert outcomes(destination.send([event(1), event(2, value=None, currency_code=None)], sent_at=NOW)) == [
        "accepted",
        "accepted",
    ]
    recorded, other = sorted(klaviyo.journal.noted("event"), key=lambda one: str(one["unique_id"]))
    expected = {
        "metric": "Perennial win-back",
        "unique_id": "key-1",
        "time": "2026-01-05T01:00:30+00:00",
        "value": Decimal("19.90"),
        "value_currency": "EUR",
        "properties": {"product": "Ink, black", "days": 41},
        "starts_flows": True,
    }
    assert {name: recorded[name] for name in expected} == expected
    assert "value" not in other
    assert "value_currency" not in other
    # Sent again, and by a process that has lost its answer: recorded once.
    destination.send([event(1)], sent_at=NOW)
    klaviyo.faults.add(Fault(takes=True, resets=True), path="/events")
    assert outcomes(destination.send([event(2), event(3)], sent_at=NOW)) == ["accepted", "accepted"]
    assert klaviyo.account.event_count == 3
    assert len(klaviyo.journal.noted("event")) == 3


@pytest.mark.parametrize(
    ("settings", "hours_ago", "starts"),
    [({}, 71, True), ({}, 72, False), ({"flow_hours": 0}, 0, False), ({"flow_hours": 1}, 0.9, True)],
)
def test_what_happened_long_ago_starts_no_flow(
    klaviyo: RunningKlaviyo, time: Time, settings: dict[str, Any], hours_ago: float, starts: bool
) -> None:
    build(klaviyo, time, "events", **settings).send([event(1, hours_ago=hours_ago)], sent_at=NOW)
    [recorded] = klaviyo.journal.noted("event")
    assert recorded["starts_flows"] is starts


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"occurred_at": "yesterday"}, "no event"),
        ({"email": ""}, "no event"),
        ({"name": "x" * 200}, "Klaviyo refused the metric (required)"),
        ({"value": "a lot"}, "Klaviyo refused the value (invalid)"),
    ],
)
def test_an_event_that_cannot_be_recorded_is_refused_alone(
    klaviyo: RunningKlaviyo, time: Time, values: dict[str, Any], words: str
) -> None:
    results = build(klaviyo, time, "events").send([event(1), event(2, **values), event(3)], sent_at=NOW)
    assert outcomes(results) == ["accepted", "rejected", "accepted"]
    assert words in str(results[1].reason)
    nothing = replace(event(4), payload={"email": "c4@shop.example"})
    assert outcomes(build(klaviyo, time, "events").send([nothing], sent_at=NOW)) == ["rejected"]


@pytest.mark.parametrize(
    ("faults", "outcome"),
    [
        ([Fault(status=409, takes=True)], "retry"),
        ([Fault(status=302, takes=True)], "retry"),
        ([Fault(status=505, takes=True)], "retry"),
        ([Fault(status=400)], "rejected"),
        ([Fault(status=502, takes=True), Fault(status=400)], "retry"),
    ],
)
def test_an_event_that_may_have_been_taken_is_not_called_refused(
    klaviyo: RunningKlaviyo, time: Time, faults: list[Fault], outcome: str
) -> None:
    klaviyo.faults.add(*faults, path="/api/events")
    destination = build(klaviyo, time, "events")
    assert outcomes(destination.send([event(1)], sent_at=NOW)) == [outcome]
    assert outcomes(destination.send([event(1)], sent_at=NOW)) == ["accepted"]
    assert len(klaviyo.journal.noted("event")) == 1


def test_what_stops_one_event_stops_those_that_have_not_gone(klaviyo: RunningKlaviyo, time: Time) -> None:
    klaviyo.faults.add(Fault(status=500), times=float("inf"))
    results = build(klaviyo, time, "events").send([event(n) for n in range(100)], sent_at=NOW)
    assert set(outcomes(results)) == {"retry"}
    assert len(klaviyo.server.requests()) <= 3 * 16


def test_events_keep_to_the_minutes_allowance(
    klaviyo: RunningKlaviyo, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(limits.SIZES, "XL", (20, 60))
    results = build(klaviyo, time, "events").send([event(n) for n in range(100)], sent_at=NOW)
    assert set(outcomes(results)) == {"accepted"}
    assert klaviyo.account.event_count == 100
    assert klaviyo.api.limits is not None
    assert klaviyo.api.limits.refused["minute"] == 0  # of the second's limit no header tells
    assert time.elapsed() > 29


def test_an_address_is_suppressed_and_set_free_again(klaviyo: RunningKlaviyo, time: Time) -> None:
    destination = build(klaviyo, time, "suppressions")
    klaviyo.account.suppress("c3@shop.example", "UNSUBSCRIBE")
    batch = [person(n) for n in (1, 2, 3)] + [person(4, email="no address"), person(5, email=None)]
    results = destination.send(batch, sent_at=NOW)
    assert outcomes(results) == ["accepted", "accepted", "accepted", "rejected", "rejected"]
    assert "left the address out" in str(results[3].reason)
    assert "add email" in str(results[4].reason)
    assert [entry["email"][:2] for entry in klaviyo.journal.noted("suppressed")] == ["c3", "c1", "c2", "c3"]
    leaving = [person(n, Operation.REMOVE) for n in (1, 3, 9)]
    results = destination.send(leaving, sent_at=NOW)
    assert outcomes(results) == ["accepted", "accepted", "rejected"]
    assert "by our id" in str(results[2].reason)
    # Who unsubscribed stays so, whatever we take back.
    assert {email: set(why) for email, why in klaviyo.account.suppressions.items() if why} == {
        "c2@shop.example": {"USER_SUPPRESSED"},
        "c3@shop.example": {"UNSUBSCRIBE"},
    }


def test_a_hundred_addresses_are_a_job_and_a_job_that_hangs_is_waited_for(klaviyo: RunningKlaviyo, time: Time) -> None:
    destination = build(klaviyo, time, "suppressions", patience_seconds=60)
    klaviyo.faults.add(Fault(name="job_stuck"), path=SUPPRESS, contains="c150@")
    results = destination.send([person(n) for n in range(250)], sent_at=NOW)
    assert len(klaviyo.jobs.all(SUPPRESS)) == 3
    assert outcomes(results) == ["accepted"] * 100 + ["retry"] * 100 + ["accepted"] * 50
    # Taking one back now would be undone by the job that still hangs.
    [waiting] = destination.send([person(150, Operation.REMOVE)], sent_at=time.now)
    assert waiting.outcome.value == "retry"
    klaviyo.jobs.release()
    [done] = destination.send([person(150, Operation.REMOVE)], sent_at=time.now)
    assert done.outcome.value == "accepted"
    assert klaviyo.account.suppressions["c150@shop.example"] == {}


def test_a_cancelled_or_refused_suppression_is_not_called_done(klaviyo: RunningKlaviyo, time: Time) -> None:
    destination = build(klaviyo, time, "suppressions")
    klaviyo.faults.add(Fault(name="job_cancelled"), path=SUPPRESS, when=lambda request: request.method == "POST")
    assert outcomes(destination.send([person(1)], sent_at=NOW)) == ["retry"]
    klaviyo.faults.add(Fault(status=400, body=b"{}"), path=SUPPRESS, contains="c2@", times=float("inf"))
    assert outcomes(destination.send([person(n) for n in range(4)], sent_at=NOW)) == [
        "accepted",
        "accepted",
        "rejected",
        "accepted",
    ]
    klaviyo.faults.clear()
    klaviyo.faults.add(Fault(status=403), path=SUPPRESS, when=lambda request: request.method == "POST")
    assert outcomes(destination.send([person(5)], sent_at=NOW)) == ["retry"]


def test_every_request_is_one_that_the_specification_knows(
    klaviyo: RunningKlaviyo, time: Time, contracts_folder: Path
) -> None:
    suppressing = build(klaviyo, time, "suppressions")
    suppressing.send([person(1), person(2, email="no address")], sent_at=NOW)
    suppressing.send([person(1, Operation.REMOVE)], sent_at=NOW)
    build(klaviyo, time, "events").send([event(1), event(2, hours_ago=900)], sent_at=NOW)
    requests = klaviyo.server.requests()
    known = document(contracts_folder / "klaviyo" / "stable.json")
    assert {fault for request in requests for fault in faults_of(request, known)} == set()
    paths = {(request.method, request.path) for request in requests}
    posted = ("events", f"{SUPPRESS}s", f"{UNSUPPRESS}s", "profile-bulk-import-jobs")
    assert {("POST", f"/api/{name}") for name in posted} <= paths
