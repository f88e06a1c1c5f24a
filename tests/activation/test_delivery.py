"""Delivery over a real ledger: batches, retries, answers that are lost, processes that collide."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from activated_shop import AUDIENCE, FIELDS, ScriptedDestination, Shop

from activation.actions import LedgerOutcome, Target
from activation.consent import Refusal
from activation.delivery import deliver, without_values
from activation.payloads import Sync
from activation.resolutions import maybe_sent, release_rejected, resolve_maybe_sent
from activation.syncs import PlannedSync, plan_sync
from connectors.destination import Delivery, DeliveryResult, Outcome
from models.errors import RetryLaterError, StopError

TARGET = Target("cdnow", "crm", AUDIENCE.name, is_idempotent=True, consent="email")


def planned(shop: Shop, *, is_idempotent: bool = True) -> PlannedSync:
    sync = Sync(audience=AUDIENCE.name, destination="crm", fields=FIELDS, consent="email")
    return plan_sync(shop.engine, target=replace(TARGET, is_idempotent=is_idempotent), sync=sync, audience=AUDIENCE)


def test_batches_are_as_large_as_the_destination_takes(shop: Shop) -> None:
    for number in range(7):
        shop.customer(str(number))
    crm = ScriptedDestination(batch_size=3)
    report = shop.sync(crm)
    assert [len(batch) for batch in crm.batches] == [3, 3, 1]
    assert report.outcomes == {"accepted": 7}


def test_one_bad_record_does_not_stop_the_others(shop: Shop) -> None:
    for name in "abc":
        shop.customer(name)
    crm = ScriptedDestination(
        batch_size=2, answer=lambda d: Outcome.REJECTED if d.customer_id == "a" else Outcome.ACCEPTED
    )
    report = shop.sync(crm)
    assert report.outcomes == {"rejected": 1, "accepted": 2}
    assert not report.is_successful
    assert crm.batches[-1][0].customer_id == "c"
    again = shop.sync(crm)
    assert again.plan.standing_rejection_count == 1
    assert len(crm.sent) == 3


def test_only_what_may_be_retried_is_retried_and_waits_in_between(shop: Shop) -> None:
    for name in "abc":
        shop.customer(name)
    tries: dict[str, int] = {}

    def answer(delivery: Delivery) -> Outcome:
        tries[delivery.customer_id] = tries.get(delivery.customer_id, 0) + 1
        if delivery.customer_id == "a":
            return Outcome.RETRY
        if delivery.customer_id == "b":
            return Outcome.ACCEPTED if tries["b"] == 2 else Outcome.RETRY
        return Outcome.REJECTED

    crm = ScriptedDestination(answer=answer)
    report = shop.sync(crm)
    assert tries == {"a": 3, "b": 2, "c": 1}
    assert shop.time.naps == [1.0, 2.0]
    assert report.outcomes == {"retry": 1, "accepted": 1, "rejected": 1}
    assert not report.is_successful
    assert [row.attempt_count for row in shop.ledger()] == [3, 2, 1]
    keys = {d.action_key for d in crm.sent if d.customer_id == "a"}
    crm.answer = lambda _delivery: Outcome.ACCEPTED
    shop.sync(crm)
    assert {d.action_key for d in crm.sent if d.customer_id == "a"} == keys
    assert shop.ledger()[0].attempt_count == 4


@dataclass
class Asking(ScriptedDestination):
    """Asks to come back after a while, once."""

    wait_seconds: float = 30.0

    def send(self, deliveries: Sequence[Delivery], *, sent_at: Any) -> list[DeliveryResult]:
        results = super().send(deliveries, sent_at=sent_at)
        if len(self.batches) > 1:
            return results
        at = sent_at + timedelta(seconds=self.wait_seconds)
        return [replace(result, outcome=Outcome.RETRY, retry_at=at) for result in results]


def test_a_wait_that_was_asked_for_is_kept(shop: Shop) -> None:
    shop.customer("a")
    crm = Asking(wait_seconds=30.0)
    assert shop.sync(crm).is_successful
    assert shop.time.naps == [30.0]


def test_a_long_wait_is_left_to_a_later_run(shop: Shop) -> None:
    shop.customer("a")
    crm = Asking(wait_seconds=3600.0)
    report = shop.sync(crm)
    assert (report.outcomes, report.is_successful, shop.time.naps) == ({"retry": 1}, False, [])
    early = shop.sync(crm)
    assert (early.deferred_count, early.is_successful, len(crm.batches)) == (1, False, 1)
    shop.time.now += timedelta(seconds=3601)
    assert shop.sync(crm).is_successful


def test_a_dead_destination_is_given_up_and_the_rest_waits(shop: Shop) -> None:
    for number in range(10):
        shop.customer(str(number))
    crm = ScriptedDestination(batch_size=1, answer=lambda _delivery: Outcome.RETRY)
    report = shop.sync(crm)
    assert len(crm.batches) == 9  # three batches, three tries each
    assert (report.outcomes, report.deferred_count) == ({"retry": 3}, 7)
    assert not report.is_successful
    crm.answer = lambda _delivery: Outcome.ACCEPTED
    assert shop.sync(crm).outcomes == {"accepted": 10}


def test_a_failing_batch_does_not_stop_the_next(shop: Shop) -> None:
    for name in "abc":
        shop.customer(name)

    def before(batch: Sequence[Delivery]) -> None:
        if batch[0].customer_id == "a":
            raise RuntimeError("a secret of jo@shop.example")

    crm = ScriptedDestination(batch_size=1, before=before)
    report = shop.sync(crm)
    assert report.outcomes == {"retry": 1, "accepted": 2}
    assert shop.ledger()[0].reason == "the destination failed with RuntimeError"


def test_answers_that_are_missing_or_contradict_each_other_are_lost_answers(shop: Shop) -> None:
    for name in "abc":
        shop.customer(name)

    class Muddled(ScriptedDestination):
        def send(self, deliveries: Sequence[Delivery], *, sent_at: Any) -> list[DeliveryResult]:
            [first, second, _third] = super().send(deliveries, sent_at=sent_at)
            unknown = DeliveryResult("never asked", Outcome.ACCEPTED)
            return [first, second, replace(second, outcome=Outcome.REJECTED), unknown]

    report = shop.sync(Muddled(is_idempotent=False))
    assert report.outcomes == {"accepted": 1, "maybe_sent": 2}
    assert shop.outcomes() == {
        "a": [LedgerOutcome.ACCEPTED],
        "b": [LedgerOutcome.MAYBE_SENT],
        "c": [LedgerOutcome.MAYBE_SENT],
    }


def test_what_may_have_been_sent_is_never_sent_again_by_itself(shop: Shop) -> None:
    shop.customer("a")
    shop.customer("b")
    sms = ScriptedDestination(
        is_idempotent=False, answer=lambda d: Outcome.MAYBE_SENT if d.customer_id == "a" else Outcome.ACCEPTED
    )
    assert not shop.sync(sms).is_successful
    shop.customer("a", rfm_segment="changed")
    report = shop.sync(sms)
    assert (report.plan.blocked, report.is_successful) == (("a",), False)
    assert [d.customer_id for d in sms.sent] == ["a", "b"]
    with shop.engine.begin() as connection:
        [waiting] = maybe_sent(connection, "cdnow")
        assert maybe_sent(connection, "other") == []
        with pytest.raises(StopError, match="waits to be resolved"):
            resolve_maybe_sent(
                connection,
                merchant_id="other",
                delivery_id=waiting.delivery_id,
                was_taken=True,
                resolved_at=shop.time.now,
            )
        resolve_maybe_sent(
            connection,
            merchant_id="cdnow",
            delivery_id=waiting.delivery_id,
            was_taken=True,
            resolved_at=shop.time.now,
        )
    sms.answer = lambda _delivery: Outcome.ACCEPTED
    assert shop.sync(sms).is_successful
    assert [d.payload["rfm_segment"] for d in sms.sent if d.customer_id == "a"] == ["champions", "changed"]


def test_a_person_can_say_that_it_was_not_taken(shop: Shop) -> None:
    shop.customer("a")
    sms = ScriptedDestination(is_idempotent=False, answer=lambda _delivery: Outcome.MAYBE_SENT)
    shop.sync(sms)
    with shop.engine.begin() as connection:
        [waiting] = maybe_sent(connection, "cdnow")
        resolve_maybe_sent(
            connection,
            merchant_id="cdnow",
            delivery_id=waiting.delivery_id,
            was_taken=False,
            resolved_at=shop.time.now,
        )
    sms.answer = lambda _delivery: Outcome.ACCEPTED
    assert shop.sync(sms).is_successful
    assert [d.action_key for d in sms.sent] == [waiting.action_key] * 2
    assert shop.ledger()[0].details["resolved_as"] == "retry"


def test_rejected_records_can_be_released(shop: Shop) -> None:
    shop.customer("a")
    shop.customer("b")
    crm = ScriptedDestination(answer=lambda _delivery: Outcome.REJECTED)
    asked: dict[str, Any] = {"merchant_id": "cdnow", "destination": "crm", "released_at": shop.time.now}
    shop.sync(crm)
    crm.answer = lambda _delivery: Outcome.ACCEPTED
    with shop.engine.begin() as connection:
        assert release_rejected(connection, customer_ids=["a"], **asked) == 1
    assert shop.sync(crm).outcomes == {"accepted": 1}
    with shop.engine.begin() as connection:
        assert release_rejected(connection, **asked) == 1
    assert shop.sync(crm).outcomes == {"accepted": 1}


def test_consent_withdrawn_between_planning_and_sending_stops_the_message(shop: Shop) -> None:
    shop.customer("a")
    shop.customer("b")
    shop.sync(ScriptedDestination(name="other"))
    made = planned(shop)
    assert [action.customer_id for action in made.plan.actions] == ["a", "b"]
    shop.consent("a", False)
    crm = ScriptedDestination()
    report = deliver(shop.engine, made.plan, crm, run_id="run", pace=shop.time.pace, facts=made.facts)
    assert [d.customer_id for d in crm.sent] == ["b"]
    assert report.outcomes == {"withheld": 1, "accepted": 1}
    mine = [row for row in shop.ledger() if row.destination == "crm"]
    assert [(row.customer_id, row.outcome, row.reason, row.attempt_count) for row in mine] == [
        ("a", "withheld", Refusal.NO_CONSENT, 0),
        ("b", "accepted", None, 1),
    ]
    assert shop.sync(crm).plan.is_empty
    shop.consent("a", True)
    shop.sync(crm)
    assert [d.customer_id for d in crm.sent] == ["b", "a"]


def test_consent_withdrawn_between_two_attempts_stops_the_second(shop: Shop) -> None:
    shop.customer("a")
    crm = ScriptedDestination(answer=lambda _delivery: Outcome.RETRY)
    crm.before = lambda _deliveries: shop.consent("a", False)
    shop.sync(crm)
    assert len(crm.sent) == 1
    # The one attempt may have arrived, so what it may have put there is taken back.
    crm.answer = lambda _delivery: Outcome.ACCEPTED
    shop.sync(crm)
    assert [d.operation.value for d in crm.sent] == ["upsert", "remove"]
    assert shop.sync(crm).plan.is_empty


def test_a_plan_that_the_ledger_has_overtaken_is_not_delivered(shop: Shop) -> None:
    shop.customer("a")
    shop.sync(ScriptedDestination(name="other"))
    made = planned(shop)
    crm = ScriptedDestination()
    shop.sync(crm)
    with pytest.raises(RetryLaterError, match="plan again"):
        deliver(shop.engine, made.plan, crm, run_id="late", pace=shop.time.pace)
    assert len(crm.sent) == 1


def test_a_plan_is_delivered_only_where_it_was_made_for(shop: Shop) -> None:
    shop.customer("a")
    shop.sync(ScriptedDestination(name="other"))
    made = planned(shop)
    for wrong in (ScriptedDestination(name="other"), ScriptedDestination(is_idempotent=False)):
        with pytest.raises(StopError, match="plan again"):
            deliver(shop.engine, made.plan, wrong, run_id="run", pace=shop.time.pace)
        assert wrong.sent == []


def test_reasons_lose_what_was_sent() -> None:
    payload = {"email": "Jo@Shop.example", "first_name": "Jo Ann", "clv_amount": "123.45", "n": 3, "x": None}
    said = "3 errors: jo@shop.example (Jo Ann, JO ANN) is worth 123.45; see other@else.example"
    cleaned = without_values(said, payload)
    assert cleaned == "3 errors: … (…, …) is worth …; see …"
    assert without_values(None, payload) is None
    assert len(without_values("x " * 1000, payload) or "") == 300
