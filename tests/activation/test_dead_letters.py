"""What is tried in vain: left alone for a while, tried by later runs, dead after three of them, and replayed."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from activated_shop import ScriptedDestination, Shop
from campaign_sends import occurrence, send

from activation.actions import LedgerOutcome
from activation.breaker import Breaker
from activation.delivery import Pace
from activation.resolutions import maybe_sent, replay_dead, resolve_maybe_sent, waiting_for_a_person
from connectors.destination import Delivery, DeliveryResult, Outcome

NOW = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)


def refusing(_delivery: Delivery) -> Outcome:
    return Outcome.RETRY


def taking(_delivery: Delivery) -> Outcome:
    return Outcome.ACCEPTED


def replayed(shop: Shop, **only: Any) -> int:
    with shop.engine.begin() as connection:
        return replay_dead(connection, merchant_id="cdnow", released_at=shop.time.now, **only)


def resolved(shop: Shop, *, was_taken: bool) -> None:
    with shop.engine.begin() as connection:
        [waiting] = maybe_sent(connection, "cdnow")
        resolve_maybe_sent(
            connection,
            merchant_id="cdnow",
            delivery_id=waiting.delivery_id,
            was_taken=was_taken,
            resolved_at=shop.time.now,
        )


@pytest.mark.parametrize("is_idempotent", [True, False])
def test_what_three_runs_tried_in_vain_waits_for_a_person(shop: Shop, is_idempotent: bool) -> None:
    shop.customer("a")
    crm = ScriptedDestination(answer=refusing, is_idempotent=is_idempotent)
    assert [dict(shop.sync(crm).outcomes) for _ in range(3)] == [{"retry": 1}, {"retry": 1}, {"dead": 1}]
    assert len(crm.sent) == 9
    crm.answer = taking
    report = shop.sync(crm)
    assert (report.plan.actions, report.plan.dead, report.is_successful) == ((), ("a",), False)
    with shop.engine.connect() as connection:
        [waiting] = waiting_for_a_person(connection, ["cdnow"], outcomes=[LedgerOutcome.DEAD])
    assert (waiting.customer_id, waiting.failed_run_count) == ("a", 3)
    assert replayed(shop, destination="elsewhere") == replayed(shop, delivery_ids=[0]) == 0
    assert replayed(shop, destination="crm", delivery_ids=[waiting.delivery_id]) == 1
    assert shop.sync(crm).is_successful
    assert {d.action_key for d in crm.sent} == {crm.sent[0].action_key}
    assert shop.sync(crm).plan.is_empty


def test_a_run_whose_steps_are_repeated_has_tried_in_vain_once(shop: Shop) -> None:
    shop.customer("a")
    crm = ScriptedDestination(answer=refusing)
    assert [dict(shop.sync(crm, run_id="night").outcomes) for _ in range(4)] == [{"retry": 1}] * 4
    assert [dict(shop.sync(crm).outcomes) for _ in range(2)] == [{"retry": 1}, {"dead": 1}]
    assert replayed(shop) == 1
    assert [dict(shop.sync(crm).outcomes) for _ in range(3)] == [{"retry": 1}, {"retry": 1}, {"dead": 1}]


def test_a_replay_never_sends_an_old_payload_over_a_newer_one(shop: Shop) -> None:
    shop.customer("a", rfm_segment="old")
    shop.customer("b", rfm_segment="old")
    crm = ScriptedDestination(answer=refusing)
    for _ in range(3):
        shop.sync(crm)
    crm.batches.clear()
    crm.answer = taking
    shop.customer("a", rfm_segment="new")
    shop.sync(crm)  # what is new of a is sent, and its dead letter is closed by it
    assert [(d.customer_id, d.payload["rfm_segment"]) for d in crm.sent] == [("a", "new")]
    shop.customer("b", rfm_segment="newer")
    assert replayed(shop) == 1
    shop.sync(crm)
    assert [(d.customer_id, d.payload["rfm_segment"]) for d in crm.sent] == [("a", "new"), ("b", "newer")]
    assert shop.outcomes() == {"a": ["superseded", "accepted"], "b": ["superseded", "accepted"]}
    assert shop.sync(crm).plan.is_empty


def test_a_dead_occurrence_is_replayed_with_what_is_so_by_then(shop: Shop) -> None:
    shop.customer("a")
    mail = ScriptedDestination(name="mail", is_idempotent=False, answer=refusing)
    for _ in range(3):
        send(shop, mail, occurrence("a"))
    mail.answer = taking
    assert (send(shop, mail, occurrence("a")).plan.dead, len(mail.sent)) == (("a",), 9)
    assert replayed(shop) == 1
    assert send(shop, mail).is_successful
    assert len(mail.sent) == 10


def test_what_a_person_says_was_not_taken_is_sent_where_the_campaign_sends_now(shop: Shop) -> None:
    shop.customer("a")
    then = ScriptedDestination(name="then", answer=refusing)
    send(shop, then, occurrence("a"))
    now = ScriptedDestination(name="now", is_idempotent=False, answer=refusing)
    assert send(shop, now).plan.blocked == ("a",)
    resolved(shop, was_taken=False)
    assert (send(shop, now).outcomes, len(now.sent)) == ({"retry": 1}, 3)
    # What was said is so of the attempts by then, and of none that came after them.
    assert (send(shop, then).plan.blocked, len(then.sent)) == (("a",), 3)
    resolved(shop, was_taken=False)
    then.answer = taking
    assert send(shop, then).is_successful
    assert shop.outcomes() == {"a": ["accepted"]}


def test_coming_back_later_when_asked_to_is_not_in_vain(shop: Shop) -> None:
    shop.customer("a")

    class Busy(ScriptedDestination):
        def send(self, deliveries: Sequence[Delivery], *, sent_at: datetime) -> list[DeliveryResult]:
            later = sent_at + timedelta(hours=1)
            return [replace(r, retry_at=later) for r in super().send(deliveries, sent_at=sent_at)]

    crm = Busy(answer=refusing)
    for _ in range(5):
        assert shop.sync(crm).outcomes == {"retry": 1}
        shop.time.now += timedelta(hours=2)
    assert shop.ledger()[0].failed_run_count == 0


def test_a_destination_that_asks_for_time_is_given_it_by_the_batches_after(shop: Shop) -> None:
    for name in "abcd":
        shop.customer(name)

    class Slow(ScriptedDestination):
        def send(self, deliveries: Sequence[Delivery], *, sent_at: datetime) -> list[DeliveryResult]:
            results = super().send(deliveries, sent_at=sent_at)
            later = sent_at + timedelta(hours=1)
            return [replace(r, outcome=Outcome.RETRY, retry_at=later) for r in results]

    crm = Slow(batch_size=1)
    report = shop.sync(crm)
    assert (len(crm.batches), report.outcomes, report.deferred_count) == (1, {"retry": 1}, 3)
    assert not report.is_successful


def test_waits_are_drawn_out_so_that_not_all_come_back_at_once(shop: Shop) -> None:
    shop.customer("a")
    crm = ScriptedDestination(answer=refusing)
    shop.sync(crm, pace=Pace(clock=shop.time.clock, sleep=shop.time.sleep, jitter=lambda: 0.5))
    assert shop.time.naps == [1.25, 2.5]


def test_a_circuit_stays_open_for_the_whole_run_and_is_tried_again(shop: Shop) -> None:
    for name in "abcdef":
        shop.customer(name)
    pace = replace(shop.time.pace, breaker=Breaker(cool_down_seconds=300), attempts=1)
    crm = ScriptedDestination(batch_size=1, answer=refusing)
    assert shop.sync(crm, pace=pace).deferred_count == 3
    # The next sync of the same run does not ask it at all, and asks the others.
    assert (shop.sync(crm, pace=pace, refresh=False).deferred_count, len(crm.sent)) == (6, 3)
    assert shop.sync(ScriptedDestination(name="other"), pace=pace).is_successful
    shop.time.now += timedelta(seconds=300)
    assert (shop.sync(crm, pace=pace).deferred_count, len(crm.sent)) == (5, 4)
    shop.time.now += timedelta(seconds=300)
    crm.answer = taking
    assert shop.sync(crm, pace=pace).is_successful


def test_a_circuit_closes_as_soon_as_something_is_decided() -> None:
    breaker = Breaker(give_up_after=2, cool_down_seconds=10)
    for was_heard in (False, True, False):
        breaker.note("crm", was_heard=was_heard, now=NOW)
    assert breaker.allows("crm", NOW)
    breaker.note("crm", was_heard=False, now=NOW)
    assert not breaker.allows("crm", NOW + timedelta(seconds=9))
    assert breaker.allows("crm", NOW + timedelta(seconds=10))
    assert breaker.allows("other", NOW)


@dataclass
class Several(ScriptedDestination):
    """Takes three batches at once, and answers only when all three are there."""

    concurrency: int = 3
    together: Barrier = field(default_factory=lambda: Barrier(3, timeout=30))

    def send(self, deliveries: Sequence[Delivery], *, sent_at: datetime) -> list[DeliveryResult]:
        self.together.wait()
        return super().send(deliveries, sent_at=sent_at)


def test_a_destination_is_sent_as_many_batches_at_once_as_it_takes(shop: Shop) -> None:
    for number in range(12):
        shop.customer(f"{number:02d}")
    crm = Several(batch_size=2, answer=lambda d: Outcome.REJECTED if d.customer_id == "07" else Outcome.ACCEPTED)
    report = shop.sync(crm)
    assert (len(crm.batches), report.outcomes) == (6, {"accepted": 11, "rejected": 1})
    assert len({d.action_key for d in crm.sent}) == 12
    assert shop.sync(crm).plan.is_empty
