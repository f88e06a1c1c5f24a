"""What every destination that keeps a state promises to activation, tried on each of them."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from destination_harnesses import HARNESSES, KEEPING, SECRET, SENT_AT, SHORT_BATCH, Harness, delivery

from connectors.destination import Delivery, Operation, Outcome, ReadsBack


@pytest.fixture(params=KEEPING)
def harness(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Harness]:
    yield from HARNESSES[request.param](tmp_path)


def taken(harness: Harness) -> list[tuple[str, str, str]]:
    return [(effect["action_key"], effect["customer_id"], effect["operation"]) for effect in harness.effects()]


def test_it_says_what_it_is(harness: Harness) -> None:
    destination = harness.destination
    assert destination.kind
    assert destination.name
    assert destination.batch_size == SHORT_BATCH
    # A bucket knows a batch again, and looks up what was not answered.
    assert destination.is_idempotent or isinstance(destination, ReadsBack)


def test_every_record_gets_one_result_and_one_effect(harness: Harness) -> None:
    batch = [delivery(number) for number in range(SHORT_BATCH)]
    results = harness.destination.send(batch, sent_at=SENT_AT)
    assert [result.action_key for result in results] == [d.action_key for d in batch]
    assert {result.outcome for result in results} == {Outcome.ACCEPTED}
    assert sorted(taken(harness)) == [(d.action_key, d.customer_id, "upsert") for d in batch]


def test_nothing_to_send_is_nothing_sent(harness: Harness) -> None:
    assert harness.destination.send([], sent_at=SENT_AT) == []
    assert harness.effects() == []


def test_more_than_a_batch_is_a_mistake_of_the_caller(harness: Harness) -> None:
    with pytest.raises(ValueError, match=str(SHORT_BATCH)):
        harness.destination.send([delivery(n) for n in range(SHORT_BATCH + 1)], sent_at=SENT_AT)
    assert harness.effects() == []


def test_a_repeated_key_has_no_second_effect(harness: Harness) -> None:
    first = [delivery(1), delivery(2)]
    harness.destination.send(first, sent_at=SENT_AT)
    again = harness.destination.send(first, sent_at=SENT_AT)
    company = [delivery(2), delivery(3)] if harness.destination.is_idempotent else [delivery(3)]
    other_company = harness.destination.send(company, sent_at=SENT_AT)
    assert {result.outcome for result in [*again, *other_company]} == {Outcome.ACCEPTED}
    assert [customer for _, customer, _ in taken(harness)] == ["c1", "c2", "c3"]


def test_a_removal_follows_its_upsert_and_holds_identifiers_only(harness: Harness) -> None:
    harness.destination.send([delivery(1)], sent_at=SENT_AT)
    harness.destination.send([delivery(1, operation=Operation.REMOVE)], sent_at=SENT_AT)
    upsert, removal = harness.effects()
    assert (upsert["operation"], removal["operation"]) == ("upsert", "remove")
    assert "shop.example" in json.dumps(upsert)
    assert "shop.example" not in json.dumps(removal)


def test_values_arrive_as_they_were_sent(harness: Harness) -> None:
    strange = 'Zoë "the" O\'Neil,\n名前; \\ </script> 🎂'
    harness.destination.send([delivery(1, first_name=strange, rfm_segment="at risk")], sent_at=SENT_AT)
    [effect] = harness.effects()
    expected = {"email": "c1@shop.example", "clv_amount": "12.50", "first_name": strange, "rfm_segment": "at risk"}
    assert effect["payload"] == expected


def test_merchants_and_audiences_keep_their_names(harness: Harness) -> None:
    place = Delivery("key", "../other & co", "at/risk", "c1", Operation.UPSERT, {"rfm_segment": "x"})
    [result] = harness.destination.send([place], sent_at=SENT_AT)
    assert result.outcome is Outcome.ACCEPTED
    [effect] = harness.effects()
    assert (effect["merchant_id"], effect["audience"]) == ("../other & co", "at/risk")


def test_an_unreachable_other_end_is_a_result_and_not_an_exception(harness: Harness) -> None:
    results = harness.unreachable.send([delivery(1), delivery(2)], sent_at=SENT_AT)
    assert [result.outcome for result in results] == [Outcome.RETRY] * 2
    for result in results:
        assert result.reason
        assert "shop.example" not in result.reason


def test_no_value_stands_in_a_results_or_a_deliverys_text(harness: Harness) -> None:
    sent = delivery(1)
    results = harness.destination.send([sent], sent_at=SENT_AT)
    assert "shop.example" not in repr(results) + repr(sent)
    assert SECRET not in repr(harness.destination)
