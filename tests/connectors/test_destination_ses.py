import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore_shapes import faults_of, service_model
from email_deliveries import WHOLE, email
from pydantic import ValidationError

from connectors.destination import Delivery, DeliveryResult
from connectors.destinations.aws_signatures import AwsAccess, signed
from connectors.destinations.ses import SesDestination, SesSettings
from connectors.sandbox.faults import Fault
from connectors.sandbox.ses import KEY_ID, REGION, SECRET, SesSandbox, running_ses
from connectors.suppressing import Suppressing, SuppressionKind
from models.errors import MisconfiguredError, RetryLaterError

NOW = datetime(2026, 1, 5, 1, 0, 30, tzinfo=UTC)


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[SesSandbox]:
    with running_ses(tmp_path / "ses.jsonl", lambda: NOW) as running:
        yield running


def build(url: str, **settings: Any) -> SesDestination:
    values = {"type": "ses", "name": "mail", "region": REGION, "access_key_id": KEY_ID, "secret_access_key": SECRET}
    return SesDestination(SesSettings.model_validate({**values, "url": url, **settings}))


def sent(sandbox: SesSandbox, *deliveries: Delivery, **settings: Any) -> list[DeliveryResult]:
    return build(sandbox.url, **settings).send(deliveries, sent_at=NOW)


def test_the_signature_is_the_one_that_the_service_publishes_for_its_example() -> None:
    """The figures are of the examples in the description of signatures for S3."""
    access = AwsAccess("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "us-east-1", "s3")
    at = datetime(2013, 5, 24, tzinfo=UTC)
    host = "https://examplebucket.s3.amazonaws.com/"
    read = signed(access, at, "GET", f"{host}test.txt", headers={"Range": "bytes=0-9"})
    assert read.headers["Authorization"].endswith("f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")
    listed = signed(access, at, "GET", host, query=[("max-keys", "2"), ("prefix", "J")])
    assert listed.headers["Authorization"].endswith("34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7")


@pytest.mark.parametrize("is_bulk", [False, True])
def test_every_request_is_one_that_the_service_model_describes(
    sandbox: SesSandbox, contracts_folder: Path, is_bulk: bool
) -> None:
    model = service_model(contracts_folder / "ses" / "service-2.json.gz")
    results = sent(sandbox, email(1), email(2, **WHOLE), bulk=is_bulk, configuration_set="events")
    assert {result.outcome for result in results} == {"accepted"}
    list(build(sandbox.url).suppressions(NOW, asked_at=NOW))
    assert sandbox.server is not None
    requests = sandbox.server.requests()
    for request in requests:
        assert faults_of(request, model) == []
    name = b'"Destination"'
    assert faults_of(replace(requests[0], body=requests[0].body.replace(name, b'"Other"', 1)), model)


@pytest.mark.parametrize("is_bulk", [False, True])
def test_a_message_arrives_as_it_was_rendered_with_its_key(sandbox: SesSandbox, is_bulk: bool) -> None:
    [result] = sent(sandbox, email(1, **WHOLE), bulk=is_bulk)
    [effect] = sandbox.effects()
    assert result.provider_reference == effect["message_id"]
    assert effect["tags"] == {"campaign": "win-back-", "step": "1", "action_key": "key-1"}
    assert (effect["html"], effect["text"], effect["subject"]) == (
        "<p>Come back, {{you}}</p>",
        "Come back",
        "We miss you 1",
    )
    assert (effect["to_name"], effect["from_name"], effect["reply_to"]) == ("Zoë", "The Shop", ["answers@shop.example"])
    assert effect["headers"] == WHOLE["headers"]


def test_a_status_inside_a_200_is_its_messages_own(sandbox: SesSandbox) -> None:
    sandbox.refused.add("c1@shop.example")
    sandbox.hindered.add("c2@shop.example")
    destination = build(sandbox.url, bulk=True)
    batch = [email(number) for number in range(4)]
    results = destination.send(batch, sent_at=NOW)
    assert [result.outcome for result in results] == ["accepted", "rejected", "retry", "accepted"]
    assert "MESSAGE_REJECTED" in str(results[1].reason)
    assert "shop.example" not in repr(results)
    [again] = destination.send(batch[2:3], sent_at=NOW)
    assert again.outcome == "accepted"
    assert sorted(effect["to"][:2] for effect in sandbox.effects()) == ["c0", "c2", "c3"]
    sandbox.faults.add(Fault(status=200, takes=True, body=b'{"BulkEmailEntryResults": [{"Status": "SUCCESS"}]}'))
    assert [result.outcome for result in destination.send(batch[:2], sent_at=NOW)] == ["maybe_sent"] * 2


def test_a_bulk_request_holds_what_the_service_takes(sandbox: SesSandbox) -> None:
    batch = [email(number) for number in range(120)]
    batch += [email(200 + number, html="x" * 250_000) for number in range(3)]
    batch += [email(300, html="y" * 300_000), email(301, from_address="other@shop.example")]
    results = sent(sandbox, *batch, bulk=True, batch_size=200)
    assert {result.outcome for result in results} == {"accepted"}
    assert [result.action_key for result in results] == [one.action_key for one in batch]
    assert sorted(effect["tags"]["action_key"] for effect in sandbox.effects()) == sorted(b.action_key for b in batch)
    assert sandbox.server is not None
    sizes = [len(json.loads(r.body)["BulkEmailEntries"]) for r in sandbox.server.requests("bulk")]
    assert max(sizes) == 50
    assert len(sandbox.server.requests("outbound-emails")) == 1


@pytest.mark.parametrize(
    "state", ["AccountSuspendedException", "SendingPausedException", "ThrottlingException", "LimitExceededException"]
)
@pytest.mark.parametrize("is_bulk", [False, True])
def test_what_hinders_the_account_blames_no_message(sandbox: SesSandbox, state: str, is_bulk: bool) -> None:
    sandbox.state = state
    results = sent(sandbox, email(1), email(2), bulk=is_bulk)
    assert [result.outcome for result in results] == ["retry", "retry"]
    assert state in str(results[0].reason)
    assert sandbox.effects() == []


def test_rates_quotas_and_domains(sandbox: SesSandbox) -> None:
    sandbox.rate = 2
    results = sent(sandbox, *(email(number) for number in range(3)), concurrency=1)
    assert [result.outcome for result in results] == ["accepted", "accepted", "retry"]
    sandbox.rate, sandbox.daily_quota = None, 2
    assert [result.outcome for result in sent(sandbox, email(4))] == ["retry"]
    assert [result.outcome for result in sent(sandbox, email(4), bulk=True)] == ["retry"]
    sandbox.daily_quota = None
    sandbox.verified_domains.add("shop.example")
    foreign = sent(sandbox, email(5, from_address="x@other.example"))
    assert (foreign[0].outcome, "verified" in str(foreign[0].reason)) == ("retry", True)
    assert len(sandbox.effects()) == 2


def test_what_the_service_would_refuse_for_a_whole_request_is_refused_here(sandbox: SesSandbox) -> None:
    unfit = email(1, headers={"X-Note": "Zoë"})
    results = sent(sandbox, unfit, email(2, headers={f"X-{n}": "1" for n in range(16)}), email(3), bulk=True)
    assert [result.outcome for result in results] == ["rejected", "rejected", "accepted"]
    assert "X-Note" in str(results[0].reason)


@pytest.mark.parametrize("is_bulk", [False, True])
def test_an_address_in_other_signs_than_ascii_concerns_its_own_message_only(sandbox: SesSandbox, is_bulk: bool) -> None:
    hosts = [email(1, to_address="anna@straße.example", to_name="Anna"), email(2, to_address="bo@MÜNCHEN.example")]
    names = [email(3, to_address="zoë@shop.example", to_name="Zoë"), email(4, to_address="zoë@shop.example")]
    hosts.append(email(5, reply_to="us@münchen.example", from_address="us@münchen.example", from_name="Wir"))
    results = sent(sandbox, *hosts, *names, email(6), bulk=is_bulk)
    assert [result.outcome for result in results] == ["accepted"] * 3 + ["rejected"] * 2 + ["accepted"]
    assert {effect["tags"]["action_key"]: effect["to"] for effect in sandbox.effects()} == {
        "key-1": "anna@xn--strae-oqa.example",
        "key-2": "bo@xn--mnchen-3ya.example",
        "key-5": "c5@shop.example",
        "key-6": "c6@shop.example",
    }
    assert ["us@xn--mnchen-3ya.example"] in [effect["reply_to"] for effect in sandbox.effects()]
    assert "zoë" not in repr(results)


@pytest.mark.parametrize("status", [400, 413])
def test_a_bulk_request_that_is_refused_whole_costs_only_the_message_at_fault(sandbox: SesSandbox, status: int) -> None:
    refusal = Fault(status=status, body=b'{"message": "This is not to be had."}')
    sandbox.faults.add(*[refusal] * 3)  # four messages, then two, then one
    results = sent(sandbox, *(email(number) for number in range(4)), bulk=True)
    assert [result.outcome for result in results] == ["rejected", "accepted", "accepted", "accepted"]
    assert [effect["to"][:2] for effect in sandbox.effects()] == ["c1", "c2", "c3"]


def test_a_bulk_request_is_measured_as_it_is_written(sandbox: SesSandbox) -> None:
    results = sent(sandbox, *(email(number, html="ü" * 100_000) for number in range(5)), bulk=True)
    assert {result.outcome for result in results} == {"accepted"}
    assert sandbox.server is not None
    assert max(len(request.body) for request in sandbox.server.requests("bulk")) < 1 << 20


def test_a_wrong_signature_is_the_configurations_fault(sandbox: SesSandbox) -> None:
    for settings in ({"secret_access_key": "another secret"}, {"access_key_id": "AKIASOMEBODYELSE"}):
        [result] = sent(sandbox, email(1), **settings)
        assert result.outcome == "retry"
    [late] = build(sandbox.url).send([email(1)], sent_at=NOW + timedelta(minutes=6))
    assert (late.outcome, "clock" in str(late.reason)) == ("retry", True)
    assert sandbox.effects() == []


ANSWERS = [
    (Fault(status=500, takes=True), "maybe_sent"),
    (Fault(status=503, takes=True), "maybe_sent"),
    (Fault(status=503, body=b'{"message": "Service Unavailable"}', takes=True), "maybe_sent"),
    (Fault(status=503, retry_after="30"), "retry"),
    (Fault(status=503, headers={"x-amzn-ErrorType": "ServiceUnavailable"}), "retry"),
    (Fault(status=408, takes=True), "maybe_sent"),
    (Fault(resets=True, takes=True), "maybe_sent"),
    (Fault(status=200, body=b"{}", takes=True), "maybe_sent"),
    (Fault(status=200, body=b"[]", takes=True), "maybe_sent"),
    (Fault(status=400, body=b'{"message": "Illegal address: c1@shop.example"}'), "rejected"),
]


@pytest.mark.parametrize(("fault", "outcome"), ANSWERS)
@pytest.mark.parametrize("is_bulk", [False, True])
def test_what_may_have_been_taken_is_never_called_refused(
    sandbox: SesSandbox, fault: Fault, outcome: str, is_bulk: bool
) -> None:
    sandbox.faults.add(fault)
    [result] = sent(sandbox, email(), bulk=is_bulk)
    assert result.outcome == outcome
    assert "shop.example" not in str(result.reason)


def test_suppressions_come_to_the_last_page(sandbox: SesSandbox) -> None:
    destination = build(sandbox.url)
    assert isinstance(destination, Suppressing)
    at = NOW.timestamp()
    rows = [{"email": f"b{n}@shop.example", "reason": "BOUNCE", "at": at} for n in range(1_001)]
    sandbox.journal.write("suppression", *rows, {"email": "old@shop.example", "reason": "BOUNCE", "at": at - 10})
    sandbox.suppress("angry@shop.example", "COMPLAINT")
    found = list(destination.suppressions(NOW, asked_at=NOW))
    assert len(found) == 1_002
    assert (found[-1].kind, found[-1].suppressed_at) == (SuppressionKind.COMPLAINT, NOW)
    [result] = sent(sandbox, email(1, to_address="angry@shop.example"))
    assert (result.outcome, sandbox.effects()[0]["is_dropped"]) == ("accepted", True)
    sandbox.faults.add(Fault(status=500))
    with pytest.raises(RetryLaterError):
        list(destination.suppressions(NOW, asked_at=NOW))
    with pytest.raises(MisconfiguredError, match="access_key_id"):
        list(build(sandbox.url, secret_access_key="another secret").suppressions(NOW, asked_at=NOW))


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ({"region": "Frankfurt"}, "region"),
        ({"url": "http://ses.example"}, "url"),
        ({"access_key_id": ""}, "access_key_id"),
    ],
)
def test_wrong_settings_name_their_key(values: dict[str, Any], path: str) -> None:
    given = {"type": "ses", "name": "m", "region": REGION, "access_key_id": KEY_ID, "secret_access_key": SECRET}
    with pytest.raises(ValidationError) as caught:
        SesSettings.model_validate({**given, **values})
    [error] = caught.value.errors()
    assert error["loc"] == (path,)
    assert SesSettings.model_validate(given).url == f"https://email.{REGION}.amazonaws.com"
