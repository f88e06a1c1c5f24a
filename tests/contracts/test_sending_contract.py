"""What every destination that sends something once promises to activation, tried on each of them."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from destination_harnesses import HARNESSES, SENDING, SENT_AT, SHORT_BATCH, Harness

from connectors.destination import Delivery, Operation, Outcome, ReadsBack


@pytest.fixture(params=SENDING)
def harness(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Harness]:
    yield from HARNESSES[request.param](tmp_path)


@pytest.fixture
def message(harness: Harness) -> Callable[[int], Delivery]:
    assert harness.message is not None
    return harness.message


def keys(harness: Harness) -> list[str]:
    return [effect["action_key"] for effect in harness.effects()]


def mistreat(harness: Harness, how: str) -> bool:
    if harness.mistreat is None:
        return False
    return harness.mistreat(how) is not False


def test_every_message_gets_one_result_and_one_effect(harness: Harness, message: Callable[[int], Delivery]) -> None:
    assert Operation.SEND in harness.destination.operations
    batch = [message(number) for number in range(SHORT_BATCH)]
    results = harness.destination.send(batch, sent_at=SENT_AT)
    assert [result.action_key for result in results] == [one.action_key for one in batch]
    assert {(result.outcome, result.reason) for result in results} == {(Outcome.ACCEPTED, None)}
    assert sorted(keys(harness)) == [one.action_key for one in batch]
    assert {effect["customer_id"] for effect in harness.effects()} == {one.customer_id for one in batch}
    assert {effect["operation"] for effect in harness.effects()} == {"send"}
    assert harness.destination.send([], sent_at=SENT_AT) == []
    with pytest.raises(ValueError, match=str(SHORT_BATCH)):
        harness.destination.send([message(n) for n in range(SHORT_BATCH + 1)], sent_at=SENT_AT)
    assert len(keys(harness)) == SHORT_BATCH


def test_what_is_sent_arrives_as_it_was_written(harness: Harness, message: Callable[[int], Delivery]) -> None:
    sent = message(1)
    harness.destination.send([sent], sent_at=SENT_AT)
    [effect] = harness.effects()
    compared = {name: effect["payload"][name] for name in sent.payload if name in effect["payload"]}
    assert len(compared) > 2
    assert compared == {name: sent.payload[name] for name in compared}


def test_a_lost_answer_is_never_called_a_failure_that_may_be_repeated(
    harness: Harness, message: Callable[[int], Delivery]
) -> None:
    if not mistreat(harness, "loses"):
        return
    [result] = harness.destination.send([message(1)], sent_at=SENT_AT)
    assert keys(harness) == [message(1).action_key]
    assert result.outcome is (Outcome.RETRY if harness.destination.is_idempotent else Outcome.MAYBE_SENT)
    assert result.reason


def test_a_repeated_key_has_no_second_effect_where_that_is_promised(
    harness: Harness, message: Callable[[int], Delivery]
) -> None:
    first = harness.destination.send([message(1), message(2)], sent_at=SENT_AT)
    again = harness.destination.send([message(1), message(2)], sent_at=SENT_AT) if _repeats(harness) else []
    assert {result.outcome for result in [*first, *again]} == {Outcome.ACCEPTED}
    assert sorted(keys(harness)) == [message(1).action_key, message(2).action_key]


def _repeats(harness: Harness) -> bool:
    return harness.destination.is_idempotent


def test_whoever_is_asked_later_says_what_was_taken(harness: Harness, message: Callable[[int], Delivery]) -> None:
    destination = harness.destination
    if not isinstance(destination, ReadsBack):
        return
    assert mistreat(harness, "loses")
    destination.send([message(1)], sent_at=SENT_AT)
    results = destination.read_back([message(1), message(2)], asked_at=SENT_AT)
    assert [result.action_key for result in results] == [message(1).action_key, message(2).action_key]
    assert [result.outcome for result in results] == [Outcome.ACCEPTED, Outcome.RETRY]
    assert keys(harness) == [message(1).action_key]
    assert isinstance(harness.unreachable, ReadsBack)
    [unknown] = harness.unreachable.read_back([message(1)], asked_at=SENT_AT)
    assert unknown.outcome is Outcome.MAYBE_SENT


def test_being_asked_to_slow_down_keeps_the_message_and_the_time(
    harness: Harness, message: Callable[[int], Delivery]
) -> None:
    if not mistreat(harness, "slow"):
        return
    [result] = harness.destination.send([message(1)], sent_at=SENT_AT)
    assert (result.outcome, result.retry_at) == (Outcome.RETRY, SENT_AT + timedelta(seconds=20))
    assert keys(harness) == []
    [result] = harness.destination.send([message(1)], sent_at=SENT_AT)
    assert result.outcome is Outcome.ACCEPTED


def test_a_refusal_is_final_and_hits_nobody_else(harness: Harness, message: Callable[[int], Delivery]) -> None:
    if not mistreat(harness, "refuses"):
        return
    [result] = harness.destination.send([message(1)], sent_at=SENT_AT)
    assert result.outcome is Outcome.REJECTED
    assert result.reason
    [other] = harness.destination.send([message(2)], sent_at=SENT_AT)
    assert other.outcome is Outcome.ACCEPTED
    assert keys(harness) == [message(2).action_key]


def test_nobody_at_the_other_end_is_a_result_and_not_an_exception(
    harness: Harness, message: Callable[[int], Delivery]
) -> None:
    results = harness.unreachable.send([message(1), message(2)], sent_at=SENT_AT)
    assert [result.outcome for result in results] == [Outcome.RETRY] * 2
    assert all(result.reason for result in results)


def test_a_payload_of_another_kind_is_refused_alone(harness: Harness, message: Callable[[int], Delivery]) -> None:
    if harness.destination.kind in {"webhook", "file", "s3"}:
        return  # they take any payload
    strange = replace(message(1), payload={"to": "somebody"})
    results = harness.destination.send([strange, message(2)], sent_at=SENT_AT)
    assert [result.outcome for result in results] == [Outcome.REJECTED, Outcome.ACCEPTED]
    assert keys(harness) == [message(2).action_key]


def test_no_value_stands_in_a_result(harness: Harness, message: Callable[[int], Delivery]) -> None:
    results = harness.destination.send([message(1)], sent_at=SENT_AT)
    for how in ("loses", "slow", "refuses"):
        if mistreat(harness, how):
            results += harness.destination.send([message(3)], sent_at=SENT_AT)
    results += harness.unreachable.send([message(2)], sent_at=SENT_AT)
    text = json.dumps([[result.reason, result.provider_reference] for result in results]) + repr(results)
    for value in ("shop.example", "O'Neil", "Ten percent", "WELCOME"):
        assert value not in text
