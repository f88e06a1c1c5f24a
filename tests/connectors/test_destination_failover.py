"""Failover: the next provider takes what the one before it certainly did not, and nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from pydantic import TypeAdapter

from connectors.destination import Delivery, DeliveryResult, Destination, Operation, Outcome, ReadsBack
from connectors.destinations import DestinationSettings, build_destination
from connectors.destinations.failover import FailoverDestination
from models.errors import MisconfiguredError

AT = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
ACCEPTED, REJECTED, RETRY, MAYBE = Outcome.ACCEPTED, Outcome.REJECTED, Outcome.RETRY, Outcome.MAYBE_SENT


@dataclass
class Provider:
    """Answers by customer as a test says; what it says nothing about, it takes."""

    name: str
    answers: dict[str, Outcome] = field(default_factory=dict)
    kind: ClassVar[str] = "scripted"
    batch_size: int = 10
    operations: frozenset[Operation] = frozenset({Operation.SEND})
    is_idempotent: bool = False
    sent: list[str] = field(default_factory=list)
    error: Exception | None = None
    otherwise: Outcome = ACCEPTED

    def send(self, deliveries: Sequence[Delivery], *, sent_at: datetime) -> list[DeliveryResult]:
        assert sent_at.tzinfo is not None
        self.sent += [delivery.customer_id for delivery in deliveries]
        if self.error is not None:
            raise self.error
        return [DeliveryResult(d.action_key, self.answers.get(d.customer_id, self.otherwise)) for d in deliveries]


@dataclass
class Readable(Provider):
    """Tells afterwards what it took."""

    tells: dict[str, Outcome] = field(default_factory=dict)

    def read_back(self, deliveries: Sequence[Delivery], *, asked_at: datetime) -> list[DeliveryResult]:
        assert asked_at.tzinfo is not None
        return [DeliveryResult(d.action_key, self.tells[d.customer_id]) for d in deliveries]


def delivery(name: str) -> Delivery:
    return Delivery(f"key-{name}", "cdnow", "win_back", name, Operation.SEND, {})


def told(destination: Destination, names: str, at: datetime = AT) -> dict[str, tuple[str, str | None]]:
    batch = [delivery(name) for name in names]
    results = destination.send(batch, sent_at=at)
    assert [result.action_key for result in results] == [d.action_key for d in batch]
    return {result.action_key[4:]: (result.outcome.value, result.provider) for result in results}


def test_only_what_was_certainly_not_taken_goes_to_the_next_provider() -> None:
    ses = Provider("ses", {"b": REJECTED, "c": RETRY, "d": MAYBE, "e": RETRY})
    sendgrid = Provider("sendgrid", {"e": RETRY})
    assert told(FailoverDestination("mail", [ses, sendgrid]), "abcde") == {
        "a": ("accepted", "ses"),
        "b": ("rejected", "ses"),
        "c": ("accepted", "sendgrid"),
        "d": ("maybe_sent", "ses"),
        "e": ("retry", "sendgrid"),
    }
    assert sendgrid.sent == ["c", "e"]


def test_a_provider_that_broke_off_may_have_taken_everything() -> None:
    sendgrid = Provider("sendgrid")
    broken = Provider("ses", error=RuntimeError("a secret of jo@shop.example"))
    destination = FailoverDestination("mail", [broken, sendgrid])
    [result] = destination.send([delivery("a")], sent_at=AT)
    assert (result.outcome, result.provider, sendgrid.sent) == (MAYBE, "ses", [])
    assert "jo@" not in str(result.reason)


def test_a_provider_that_takes_nothing_is_left_out_for_a_while() -> None:
    ses, sendgrid = Provider("ses", otherwise=RETRY), Provider("sendgrid")
    destination = FailoverDestination("mail", [ses, sendgrid])
    for name in "abcd":
        assert told(destination, name)[name] == ("accepted", "sendgrid")
    assert ses.sent == ["a", "b", "c"]
    ses.otherwise = ACCEPTED
    assert told(destination, "e", AT + timedelta(minutes=5))["e"] == ("accepted", "ses")


def test_where_all_have_been_failing_all_are_asked() -> None:
    both = [Provider("ses", otherwise=RETRY), Provider("sendgrid", otherwise=RETRY)]
    destination = FailoverDestination("mail", both)
    for name in "abcd":
        assert told(destination, name)[name] == ("retry", "sendgrid")
    assert [len(provider.sent) for provider in both] == [4, 4]


@pytest.mark.parametrize(
    ("ses", "sendgrid", "settled"),
    [
        (ACCEPTED, RETRY, (ACCEPTED, "ses")),
        (RETRY, ACCEPTED, (ACCEPTED, "sendgrid")),
        (RETRY, RETRY, (RETRY, None)),
        (RETRY, MAYBE, (MAYBE, None)),
    ],
)
def test_that_none_took_it_only_all_of_them_can_say(ses: Outcome, sendgrid: Outcome, settled: Any) -> None:
    destination = FailoverDestination(
        "mail", [Readable("ses", tells={"a": ses}), Readable("sendgrid", tells={"a": sendgrid})]
    )
    assert isinstance(destination, ReadsBack)
    [result] = destination.read_back([delivery("a")], asked_at=AT)
    assert (result.outcome, result.provider) == settled


def test_one_that_cannot_tell_leaves_the_rest_uncertain() -> None:
    destination = FailoverDestination("mail", [Readable("ses", tells={"a": RETRY}), Provider("sendgrid")])
    [result] = destination.read_back([delivery("a")], asked_at=AT)
    assert result.outcome is MAYBE


def test_it_takes_what_all_of_its_providers_take() -> None:
    small = Provider("ses", batch_size=2, operations=frozenset({Operation.SEND, Operation.UPSERT}))
    destination = FailoverDestination("mail", [small, Provider("sendgrid")])
    assert (destination.batch_size, destination.operations) == (2, frozenset({Operation.SEND}))
    assert destination.is_idempotent is False
    with pytest.raises(ValueError, match="2"):
        destination.send([delivery(name) for name in "abc"], sent_at=AT)


HOOK = {"type": "webhook", "url": "https://crm.example.com/a", "secret": "0123456789abcdef"}


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["one", "nowhere"], "'nowhere' is no destination"),
        (["one", "mail"], "'mail' is no destination"),
        (["one", "one"], "stand in for itself"),
        (["one", "repeats"], "'repeats' takes repeats"),
    ],
)
def test_providers_that_cannot_stand_in_for_another_are_refused(names: list[str], message: str, tmp_path: Path) -> None:
    declared: list[dict[str, Any]] = [
        {**HOOK, "name": "one"},
        {**HOOK, "name": "two"},
        {**HOOK, "name": "repeats", "idempotency": "action_key"},
        {"type": "failover", "name": "mail", "destinations": names},
    ]
    settings = TypeAdapter(list[DestinationSettings]).validate_python(declared)
    with pytest.raises(MisconfiguredError, match=message):
        build_destination(settings[-1], tmp_path, settings)
    declared[-1]["destinations"] = ["one", "two"]
    settings = TypeAdapter(list[DestinationSettings]).validate_python(declared)
    assert build_destination(settings[-1], tmp_path, settings).name == "mail"
