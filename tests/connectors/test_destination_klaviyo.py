from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from klaviyo_harness import KEY, LIST_ID, Remembering, Time, klaviyo_settings, running_account
from openapi_documents import document, faults_of
from pydantic import ValidationError

from connectors.destination import Delivery, DeliveryResult, Operation, Outcome
from connectors.destinations.klaviyo import imports
from connectors.sandbox.faults import Fault, Request
from connectors.sandbox.klaviyo import SCOPES, RunningKlaviyo

NOW = datetime(2026, 1, 5, 1, 0, 30, tzinfo=UTC)


@pytest.fixture
def time() -> Time:
    return Time(NOW)


@pytest.fixture
def klaviyo(tmp_path: Path, time: Time) -> Iterator[RunningKlaviyo]:
    with running_account(tmp_path / "klaviyo.jsonl", time) as running:
        yield running


def build(klaviyo: RunningKlaviyo, time: Time, **settings: Any) -> Remembering:
    return Remembering(klaviyo_settings(klaviyo.url, **{"list_id": LIST_ID, **settings}), time.pacing)


def customer(number: int, operation: Operation = Operation.UPSERT, **values: Any) -> Delivery:
    payload = {"email": f"c{number}@shop.example", "first_name": "Zoë", "clv_amount": "12.50", "rfm_segment": "loyal"}
    payload |= values
    if operation is Operation.REMOVE:
        payload = {"customer_id": f"c{number}"}
    key = f"{operation}-{number}-{values}"
    return Delivery(key, "cdnow", "at_risk", f"c{number}", operation, payload)


def outcomes(results: list[DeliveryResult]) -> list[str]:
    return [result.outcome.value for result in results]


def held(klaviyo: RunningKlaviyo) -> dict[str, dict[str, Any]]:
    """What the account holds, by our id."""
    return {one["external_id"]: one for one in klaviyo.account.profiles().values() if "external_id" in one}


def members(klaviyo: RunningKlaviyo) -> set[str]:
    profiles = klaviyo.account.profiles()
    return {profiles[one].get("external_id", profiles[one].get("email")) for one in klaviyo.account.lists[LIST_ID]}


def is_import(request: Request) -> bool:
    return request.method == "POST" and request.path.endswith("/profile-bulk-import-jobs")


@pytest.mark.parametrize(
    ("values", "path", "words"),
    [
        ({"private_key": "short"}, "private_key", "8"),
        ({"url": "http://a.klaviyo.com"}, "url", "needs https"),
        ({"url": "https://a.klaviyo.com/api"}, "url", "without a path"),
        ({"object": "segments"}, "object", "suppressions"),
        ({"object": "events", "list_id": "abc"}, "", "list_id is for object: profiles"),
        ({"list_id": "../x"}, "list_id", "pattern"),
        ({"revision": "stable"}, "revision", "pattern"),
        ({"colour": "red"}, "colour", "not permitted"),
    ],
)
def test_wrong_settings_name_their_key(values: dict[str, Any], path: str, words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        klaviyo_settings(**{"url": "https://a.klaviyo.com", **values})
    [error] = caught.value.errors()
    assert ".".join(map(str, error["loc"])) == path
    assert words in error["msg"]


def test_what_it_can_be_asked_for_follows_from_its_settings(klaviyo: RunningKlaviyo, time: Time) -> None:
    states = {Operation.UPSERT, Operation.INSERT, Operation.UPDATE}
    assert build(klaviyo, time).operations == states | {Operation.REMOVE}
    assert build(klaviyo, time, list_id=None).operations == states
    assert build(klaviyo, time, identified_by="email").operations == states
    assert build(klaviyo, time, list_id=None, object="events").operations == {Operation.SEND}
    suppressing = build(klaviyo, time, list_id=None, object="suppressions")
    assert suppressing.operations == {Operation.UPSERT, Operation.REMOVE}
    # Without a list there is nothing that anybody could be taken out of.
    [refused] = build(klaviyo, time, list_id=None).send([customer(1, Operation.REMOVE)], sent_at=NOW)
    assert refused.outcome is Outcome.REJECTED
    assert KEY not in repr(suppressing) + repr(klaviyo_settings(klaviyo.url))


def test_a_customer_becomes_a_profile_with_numbers_that_segments_can_compare(
    klaviyo: RunningKlaviyo, time: Time
) -> None:
    sent = customer(
        1,
        last_name=None,
        total_clv_amount="-3",
        worth="7.00",
        version="1.2.3",
        code="007.50",
        last_order_date="2025-12-24",
        churn_probability=None,
    )
    [result] = build(klaviyo, time).send([sent], sent_at=NOW)
    assert result.outcome is Outcome.ACCEPTED
    assert result.provider_reference == "01J000000001"
    assert held(klaviyo) == {
        "cdnow:c1": {
            "email": "c1@shop.example",
            "external_id": "cdnow:c1",
            "first_name": "Zoë",
            "properties": {
                "clv_amount": Decimal("12.50"),
                "total_clv_amount": -3,
                "worth": Decimal("7.00"),
                "version": "1.2.3",
                "code": "007.50",
                "last_order_date": "2025-12-24",
                "rfm_segment": "loyal",
            },
        }
    }
    assert members(klaviyo) == {"cdnow:c1"}


def test_a_value_that_is_gone_is_taken_away_and_a_name_is_not(klaviyo: RunningKlaviyo, time: Time) -> None:
    destination = build(klaviyo, time)
    destination.send([customer(1)], sent_at=NOW)
    destination.send([customer(1, clv_amount=None, first_name=None)], sent_at=NOW)
    assert held(klaviyo)["cdnow:c1"]["properties"] == {"rfm_segment": "loyal"}
    assert held(klaviyo)["cdnow:c1"]["first_name"] == "Zoë"


def test_one_bad_record_is_rejected_alone_and_nothing_of_it_is_repeated(klaviyo: RunningKlaviyo, time: Time) -> None:
    klaviyo.jobs.refused.add("c3@shop.example")
    batch = [customer(n) for n in range(1, 5)] + [customer(5, phone_number="12 34")]
    results = build(klaviyo, time).send(batch, sent_at=NOW)
    assert outcomes(results) == ["accepted", "accepted", "rejected", "accepted", "rejected"]
    assert [result.reason for result in results[2::2]] == [
        "Klaviyo refused the email (invalid)",
        "Klaviyo refused the phone_number (invalid)",
    ]
    assert members(klaviyo) == {"cdnow:c1", "cdnow:c2", "cdnow:c4"}


@pytest.mark.parametrize(
    ("fault", "expected", "words"),
    [
        ("records_fail", ["accepted", "retry", "accepted"], "internal_error"),
        ("errors_unnamed", ["retry", "retry", "retry"], "names no record"),
        ("job_cancelled", ["retry", "retry", "retry"], "cancelled"),
    ],
)
def test_a_job_that_went_badly_says_so_of_each_record(
    klaviyo: RunningKlaviyo, time: Time, fault: str, expected: list[str], words: str
) -> None:
    klaviyo.faults.add(Fault(name=fault), when=is_import)
    if fault == "errors_unnamed":
        klaviyo.jobs.refused.add("c2@shop.example")
    destination = build(klaviyo, time)
    batch = [customer(n) for n in (1, 2, 3)]
    results = destination.send(batch, sent_at=NOW)
    assert outcomes(results) == expected
    assert words in next(str(r.reason) for r in results if r.outcome is Outcome.RETRY)
    klaviyo.jobs.refused.clear()
    assert outcomes(destination.send(batch, sent_at=NOW)) == ["accepted"] * 3
    assert len([entry for entry in klaviyo.journal.noted("profile") if not entry["is_new"]]) == 0


def test_a_job_that_hangs_never_brings_an_old_value_over_a_newer_one(klaviyo: RunningKlaviyo, time: Time) -> None:
    klaviyo.faults.add(Fault(name="job_stuck"), when=is_import)
    destination = build(klaviyo, time, patience_seconds=60)
    [stuck] = destination.send([customer(1, clv_amount="1.00")], sent_at=NOW)
    assert stuck.outcome is Outcome.RETRY
    assert "patience" in str(stuck.reason)
    # The same process, and one that knows nothing of it.
    for later in (destination, build(klaviyo, time, patience_seconds=60)):
        [waiting] = later.send([customer(1, clv_amount="2.00")], sent_at=time.now)
        assert waiting.outcome is Outcome.RETRY
        assert "earlier job" in str(waiting.reason)
    assert len(klaviyo.jobs.all("profile-bulk-import-job")) == 1
    klaviyo.jobs.release()
    [done] = destination.send([customer(1, clv_amount="2.00")], sent_at=time.now)
    assert done.outcome is Outcome.ACCEPTED
    assert held(klaviyo)["cdnow:c1"]["properties"]["clv_amount"] == Decimal("2.00")


def test_a_job_that_has_not_ended_in_a_day_is_waited_for_no_longer(klaviyo: RunningKlaviyo, time: Time) -> None:
    klaviyo.faults.add(Fault(name="job_stuck"), when=is_import)
    build(klaviyo, time, patience_seconds=60).send([customer(1)], sent_at=NOW)
    time.pass_(86_400)
    assert outcomes(build(klaviyo, time).send([customer(1)], sent_at=time.now)) == ["accepted"]


def test_a_connection_that_breaks_after_the_effect_has_no_second_one(klaviyo: RunningKlaviyo, time: Time) -> None:
    klaviyo.faults.add(Fault(takes=True, resets=True), when=is_import)
    assert outcomes(build(klaviyo, time).send([customer(1)], sent_at=NOW)) == ["accepted"]
    assert len(klaviyo.jobs.all("profile-bulk-import-job")) == 2
    assert len(klaviyo.journal.noted("profile")) == 1


FAILURES = [
    (Fault(status=500), 3, "retry", "Klaviyo failed (500)"),
    (Fault(status=503, retry_after="7"), 3, "retry", "Klaviyo failed (503)"),
    (Fault(resets=True), 3, "retry", "no answer"),
    (Fault(hangs=True), 3, "retry", "no answer within 0.2 seconds"),
    (Fault(status=202, body=b"half", takes=True), 1, "retry", "no document"),
    (Fault(status=202, body=b"{}", takes=True), 1, "retry", "names no job"),
    (Fault(status=401), 1, "retry", "private_key"),
    (Fault(status=403), 1, "retry", "scopes"),
    (Fault(status=404), 1, "retry", "list_id"),
    (Fault(status=302, headers={"Location": "http://127.0.0.1:9/"}), 1, "retry", "302"),
    (Fault(status=500), 2, "accepted", ""),
    (Fault(status=429), 4, "accepted", ""),
    (Fault(status=429, retry_after="30"), 2, "accepted", ""),
    (Fault(status=429, retry_after="900"), 1, "retry", "slow down"),
]


@pytest.mark.parametrize(("fault", "times", "outcome", "words"), FAILURES)
def test_what_an_answer_means(
    klaviyo: RunningKlaviyo, time: Time, fault: Fault, times: int, outcome: str, words: str
) -> None:
    klaviyo.faults.add(fault, when=is_import, times=times)
    destination = build(klaviyo, time, timeout_seconds=0.2)
    [result] = destination.send([customer(1)], sent_at=NOW)
    assert result.outcome.value == outcome
    assert words in (result.reason or "")
    if fault.retry_after and outcome == "retry":
        assert result.retry_at is not None
        assert result.retry_at - time.now == timedelta(seconds=int(fault.retry_after))
    klaviyo.faults.clear()
    assert outcomes(destination.send([customer(1)], sent_at=time.now)) == ["accepted"]
    assert len(klaviyo.journal.noted("profile")) == 1


def test_a_refusal_that_names_a_record_is_not_the_others(klaviyo: RunningKlaviyo, time: Time) -> None:
    body = (
        b'{"errors": [{"code": "invalid", "source": {"pointer": "/data/attributes/profiles/data/1/attributes/email"}}]}'
    )
    klaviyo.faults.add(Fault(status=400, body=body), when=is_import)
    results = build(klaviyo, time).send([customer(n) for n in range(4)], sent_at=NOW)
    assert outcomes(results) == ["accepted", "rejected", "accepted", "accepted"]
    assert results[1].reason == "Klaviyo refused the email (invalid)"


def test_a_refusal_that_names_nobody_is_narrowed_down(klaviyo: RunningKlaviyo, time: Time) -> None:
    klaviyo.faults.add(
        Fault(status=400, body=b'{"errors": [{"code": "c5@shop.example is bad"}]}'), contains="c5@", times=float("inf")
    )
    results = build(klaviyo, time).send([customer(n) for n in range(8)], sent_at=NOW)
    assert outcomes(results) == ["accepted"] * 5 + ["rejected"] + ["accepted"] * 2
    assert "c5" not in str(results[5].reason)


def test_what_klaviyo_would_not_take_is_not_sent(klaviyo: RunningKlaviyo, time: Time) -> None:
    batch = [customer(1), customer(2, note="x" * 100_001), customer(3, email="C1@shop.example")]
    results = build(klaviyo, time).send(batch, sent_at=NOW)
    assert outcomes(results) == ["accepted", "rejected", "rejected"]
    assert "100 KB" in str(results[1].reason)
    assert "same email" in str(results[2].reason)
    [nobody] = build(klaviyo, time, identified_by="email").send([customer(4, email=None)], sent_at=NOW)
    assert "add email" in str(nobody.reason)
    assert list(held(klaviyo)) == ["cdnow:c1"]


def test_two_profiles_of_one_customer_are_told_and_not_mixed(klaviyo: RunningKlaviyo, time: Time) -> None:
    destination = build(klaviyo, time)
    destination.send([customer(1)], sent_at=NOW)
    klaviyo.account.upsert({"email": "new@shop.example"})
    [result] = destination.send([customer(1, email="new@shop.example")], sent_at=NOW)
    assert result.outcome is Outcome.REJECTED
    assert "merge them" in str(result.reason)
    assert klaviyo.account.profile_count == 2


def test_jobs_keep_to_number_and_size(monkeypatch: pytest.MonkeyPatch) -> None:
    records = [imports.Record(customer(n), b"x" * 99, "", "") for n in range(25)]
    assert [len(piece) for piece in imports.pieces_of(records)] == [25]
    monkeypatch.setattr(imports, "LARGEST_COUNT", 10)
    assert [len(piece) for piece in imports.pieces_of(records)] == [10, 10, 5]
    monkeypatch.setattr(imports, "LARGEST_BYTES", imports._ROOM + 700)
    assert [len(piece) for piece in imports.pieces_of(records)] == [7, 7, 7, 4]
    assert list(imports.pieces_of([])) == []


def test_a_large_batch_goes_in_as_many_jobs_as_klaviyos_limits_ask_for(klaviyo: RunningKlaviyo, time: Time) -> None:
    batch = [customer(n, note="x" * (900 if n > 6000 else 9)) for n in range(15_000)]
    klaviyo.jobs.refused.add("c7777@shop.example")
    results = build(klaviyo, time).send(batch, sent_at=NOW)
    assert [n for n, result in enumerate(results) if result.outcome is not Outcome.ACCEPTED] == [7777]
    assert klaviyo.account.profile_count == 14_999
    bodies = [request.body for request in klaviyo.server.requests() if is_import(request)]
    # The sandbox refuses what is larger, and nothing was refused; nor is it sent in crumbs.
    assert len(bodies) == 3
    assert max(map(len, bodies)) > 4_990_000


def test_the_minutes_allowance_is_kept_without_being_told_to(
    klaviyo: RunningKlaviyo, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "LARGEST_COUNT", 1)
    klaviyo.jobs.queue_seconds = 0
    results = build(klaviyo, time, jobs_at_once=10).send([customer(n) for n in range(170)], sent_at=NOW)
    assert set(outcomes(results)) == {"accepted"}
    assert klaviyo.account.profile_count == 170
    assert time.elapsed() > 29  # the minute's 150 jobs are over by then, and the next minute has come
    assert klaviyo.api.limits is not None
    # Of the ten a second no header tells: now and then one too many is asked for, and waits.
    assert klaviyo.api.limits.refused["minute"] == 0


def test_who_is_there_keeps_their_values_on_insert(klaviyo: RunningKlaviyo, time: Time) -> None:
    klaviyo.account.upsert({"email": "C1@shop.example", "first_name": "Chloë"})
    results = build(klaviyo, time).send([customer(n, Operation.INSERT) for n in (1, 2)], sent_at=NOW)
    assert outcomes(results) == ["accepted"] * 2
    assert held(klaviyo).keys() == {"cdnow:c2"}
    assert members(klaviyo) == {"C1@shop.example", "cdnow:c2"}


def test_who_is_not_there_is_left_alone_on_update(klaviyo: RunningKlaviyo, time: Time) -> None:
    klaviyo.account.upsert({"email": "c1@shop.example", "first_name": "Chloë"})
    results = build(klaviyo, time).send([customer(n, Operation.UPDATE) for n in (1, 2)], sent_at=NOW)
    assert outcomes(results) == ["accepted"] * 2
    assert klaviyo.account.profile_count == 1
    assert held(klaviyo)["cdnow:c1"]["first_name"] == "Zoë"


def test_whoever_leaves_is_taken_out_of_the_list_and_stays_a_profile(klaviyo: RunningKlaviyo, time: Time) -> None:
    destination = build(klaviyo, time)
    destination.send([customer(n) for n in range(120)], sent_at=NOW)
    theirs = klaviyo.account.upsert({"email": "theirs@shop.example"})
    klaviyo.account.join(LIST_ID, [theirs])
    leaving = [customer(n, Operation.REMOVE) for n in range(1, 120)] + [customer(999, Operation.REMOVE)]
    assert set(outcomes(destination.send(leaving, sent_at=NOW))) == {"accepted"}
    assert members(klaviyo) == {"cdnow:c0", "theirs@shop.example"}
    assert klaviyo.account.profile_count == 121
    klaviyo.faults.add(Fault(status=500), path="/lists/", times=3)
    assert outcomes(destination.send([customer(0, Operation.REMOVE)], sent_at=NOW)) == ["retry"]


def test_a_key_without_a_scope_is_told(klaviyo: RunningKlaviyo, time: Time) -> None:
    klaviyo.api.keys[KEY] = SCOPES - {"lists:write"}
    [result] = build(klaviyo, time).send([customer(1)], sent_at=NOW)
    assert result.outcome is Outcome.RETRY
    assert "may not do this (403)" in str(result.reason)


def test_every_request_is_one_that_the_specification_knows(
    klaviyo: RunningKlaviyo, time: Time, contracts_folder: Path
) -> None:
    destination = build(klaviyo, time)
    klaviyo.jobs.refused.add("c3@shop.example")
    destination.send([customer(n) for n in range(5)], sent_at=NOW)
    destination.send([customer(n, Operation.INSERT) for n in range(3, 9)], sent_at=NOW)
    destination.send([customer(2, Operation.UPDATE), customer(1, Operation.REMOVE)], sent_at=NOW)
    requests = klaviyo.server.requests()
    known = document(contracts_folder / "klaviyo" / "stable.json")
    assert {fault for request in requests for fault in faults_of(request, known)} == set()
    assert {request.headers["authorization"] for request in requests} == {f"Klaviyo-API-Key {KEY}"}
    paths = {(request.method, request.path.rpartition("/")[2]) for request in requests}
    assert {("POST", "profiles"), ("DELETE", "profiles"), ("GET", "import-errors"), ("GET", "profiles")} <= paths
    # And the judge finds something to say.
    headers = {"revision": "2026-07-15"}
    for bad in (
        Request("GET", "/api/profiles", "fields[profile]=shoe_size", headers),
        Request("GET", "/api/profiles", "", {}),
        Request("POST", "/api/profile-bulk-import-jobs", "", headers, b'{"data": {"type": "profile"}}'),
        Request("DELETE", "/api/profiles/01P", "", headers),
    ):
        assert faults_of(bad, known)
