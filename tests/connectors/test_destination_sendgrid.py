import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from email_deliveries import WHOLE, email
from openapi_documents import document, faults_of
from pydantic import ValidationError

from connectors.destination import Delivery, DeliveryResult
from connectors.destinations.sendgrid import SendGridDestination, SendGridSettings
from connectors.sandbox.faults import Fault, Request
from connectors.sandbox.sendgrid import SendGridSandbox, running_sendgrid
from connectors.suppressing import Suppressing
from models.errors import MisconfiguredError, RetryLaterError

NOW = datetime(2026, 1, 5, 1, 0, 30, tzinfo=UTC)
KEY = "SG.a-key-of-the-test"


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[SendGridSandbox]:
    with running_sendgrid(tmp_path / "sendgrid.jsonl", KEY, lambda: NOW) as running:
        yield running


def build(url: str, **settings: Any) -> SendGridDestination:
    values = {"type": "sendgrid", "name": "mail", "api_key": KEY, "url": url, **settings}
    return SendGridDestination(SendGridSettings.model_validate(values))


def sent(sandbox: SendGridSandbox, *deliveries: Delivery, **settings: Any) -> list[DeliveryResult]:
    return build(sandbox.url, **settings).send(deliveries, sent_at=NOW)


def test_every_request_is_one_that_the_vendor_describes(sandbox: SendGridSandbox, contracts_folder: Path) -> None:
    mail = document(contracts_folder / "sendgrid" / "tsg_mail_v3.json")
    lists = document(contracts_folder / "sendgrid" / "tsg_suppressions_v3.json")
    sent(sandbox, email(1), email(2, **WHOLE))
    list(build(sandbox.url).suppressions(NOW, asked_at=NOW))
    assert sandbox.server is not None
    requests = sandbox.server.requests()
    assert len(requests) == 6
    for request in requests:
        assert faults_of(request, mail if request.method == "POST" else lists) == []
    broken = Request("POST", "/v3/mail/send", body=requests[0].body.replace(b'"to"', b'"too"'))
    assert faults_of(broken, mail)
    assert faults_of(Request("GET", "/v3/suppression/bounces", query="limit=501"), lists)
    assert faults_of(Request("GET", "/v3/suppression/bounces", query="limits=1"), lists)


def test_a_message_carries_its_key_its_campaign_and_both_forms(sandbox: SendGridSandbox) -> None:
    [result] = sent(sandbox, email(1, **WHOLE))
    assert result.provider_reference == "sandbox00000001"
    [effect] = sandbox.effects()
    assert effect["arguments"] == {"campaign": "win back!", "step": "1", "action_key": "key-1"}
    assert effect["categories"] == ["campaign:win back!", "step:1"]
    assert effect["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert (effect["text"], effect["html"], effect["reply_to"]) == (
        "Come back",
        "<p>Come back, {{you}}</p>",
        "answers@shop.example",
    )
    assert (effect["to_name"], effect["from"]) == ("Zoë", {"email": "hello@shop.example", "name": "The Shop"})
    assert sandbox.server is not None
    [request] = sandbox.server.requests()
    assert json.loads(request.body)["tracking_settings"] == {"subscription_tracking": {"enable": False}}


# What each answer means for a message that must not be sent twice.
ANSWERS: list[tuple[str, Fault, str, int]] = [
    ("400", Fault(status=400), "rejected", 0),
    ("401", Fault(status=401), "retry", 0),
    ("403", Fault(status=403), "retry", 0),
    ("413", Fault(status=413), "rejected", 0),
    ("429", Fault(status=429), "retry", 0),
    ("500", Fault(status=500), "maybe_sent", 0),
    ("500 that took it", Fault(status=500, takes=True), "maybe_sent", 1),
    ("502", Fault(status=502, takes=True), "maybe_sent", 1),
    ("408", Fault(status=408, takes=True), "maybe_sent", 1),
    ("503", Fault(status=503, takes=True), "maybe_sent", 1),
    ("503 with a time", Fault(status=503, retry_after="30"), "retry", 0),
    ("503 in its own words", Fault(status=503, body=b'{"errors": [{"message": "not now"}]}'), "retry", 0),
    ("200", Fault(status=200), "maybe_sent", 0),
    ("302", Fault(status=302), "maybe_sent", 0),
    ("reset", Fault(resets=True), "maybe_sent", 0),
    ("reset after taking", Fault(resets=True, takes=True), "maybe_sent", 1),
    ("half an answer", Fault(cuts_after=0, resets=True), "accepted", 1),
]


@pytest.mark.parametrize(("fault", "outcome", "effects"), [row[1:] for row in ANSWERS], ids=[row[0] for row in ANSWERS])
def test_what_may_have_been_taken_is_never_called_refused(
    sandbox: SendGridSandbox, fault: Fault, outcome: str, effects: int
) -> None:
    sandbox.faults.add(fault)
    [result] = sent(sandbox, email())
    assert result.outcome == outcome
    assert len(sandbox.effects()) == effects
    assert sandbox.server is not None
    assert len(sandbox.server.log) == 1, "a request was repeated unseen"


def test_refusals_name_the_field_and_no_value(sandbox: SendGridSandbox) -> None:
    sandbox.sender_domains.add("shop.example")
    wrong = email(1, to_address="nobody at all")
    empty = email(2, text="", subject="")
    foreign = email(3, from_address="hello@other.example")
    results = sent(sandbox, wrong, empty, foreign, email(4))
    assert [result.outcome for result in results] == ["rejected", "rejected", "retry", "accepted"]
    assert "personalizations.0.to.0.email" in str(results[0].reason)
    assert "content.0.value" in str(results[1].reason)
    assert "verified Sender" in str(results[2].reason)
    assert "nobody at all" not in repr(results)


def test_the_rate_limits_reset_time_is_kept(sandbox: SendGridSandbox) -> None:
    sandbox.allowance = 2
    results = sent(sandbox, *(email(number) for number in range(3)), concurrency=1)
    assert [result.outcome for result in results] == ["accepted", "accepted", "retry"]
    assert results[2].retry_at == NOW + timedelta(seconds=30)
    assert len(sandbox.effects()) == 2


def test_suppressions_come_from_every_list_to_the_last_page(sandbox: SendGridSandbox) -> None:
    destination = build(sandbox.url)
    assert isinstance(destination, Suppressing)
    at = int(NOW.timestamp())
    rows = [{"list": "bounces", "email": f"b{n}@shop.example", "created": at, "reason": "550 no"} for n in range(501)]
    old = {"list": "bounces", "email": "old@shop.example", "created": at - 10, "reason": "550 no"}
    sandbox.journal.write("suppression", *rows, old)
    for name in ("spam_reports", "unsubscribes", "invalid_emails"):
        sandbox.suppress(f"{name}@shop.example", name)
    found = list(destination.suppressions(NOW, asked_at=NOW))
    kinds = [one.kind.value for one in found]
    assert [kinds.count(kind) for kind in ("bounce", "complaint", "unsubscribe", "invalid")] == [501, 1, 1, 1]
    assert len({one.email for one in found}) == 504
    assert {one.suppressed_at for one in found} == {NOW}
    assert "shop.example" not in repr(found[0])


def test_a_list_that_cannot_be_read_is_no_empty_list(sandbox: SendGridSandbox) -> None:
    with pytest.raises(MisconfiguredError, match="api_key"):
        list(build(sandbox.url, api_key="SG.another-key").suppressions(NOW, asked_at=NOW))
    sandbox.faults.add(Fault(status=500))
    with pytest.raises(RetryLaterError, match="HTTP 500"):
        list(build(sandbox.url).suppressions(NOW, asked_at=NOW))
    sandbox.faults.add(Fault(status=200, body=b'{"errors": []}'))
    with pytest.raises(RetryLaterError):
        list(build(sandbox.url).suppressions(NOW, asked_at=NOW))


def test_the_sandbox_goes_on_from_its_log(tmp_path: Path) -> None:
    for number in (1, 2):
        with running_sendgrid(tmp_path / "sendgrid.jsonl", KEY, lambda: NOW) as running:
            running.suppress("c2@shop.example")
            [result] = sent(running, email(number))
            assert result.provider_reference == f"sandbox0000000{number}"
    assert [effect["is_dropped"] for effect in running.effects()] == [False, True]


@pytest.mark.parametrize(
    ("values", "path", "words"),
    [
        ({"url": "http://api.sendgrid.com"}, "url", "needs https"),
        ({"url": "api.sendgrid.com"}, "url", "https://api.sendgrid.com"),
        ({"url": "https://me:pw@api.sendgrid.com"}, "url", "holds more than an address"),
        ({"api_key": "short"}, "api_key", "8"),
        ({"batch_size": 0}, "batch_size", "1"),
        ({"colour": "red"}, "colour", "not permitted"),
    ],
)
def test_wrong_settings_name_their_key(values: dict[str, Any], path: str, words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        SendGridSettings.model_validate({"type": "sendgrid", "name": "mail", "api_key": KEY, **values})
    [error] = caught.value.errors()
    assert ".".join(str(part) for part in error["loc"]) == path
    assert words in error["msg"]
