"""Random walks: what customers are worth changes, requests fail, jobs hang, processes die; and the account is right.

The account's own books are believed. A process dies at any request, before it or after it, and at any wait.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest
from klaviyo_harness import LIST_ID, Remembering, Time, klaviyo_settings, running_account

from connectors.destination import Delivery, Operation, Outcome
from connectors.destinations.klaviyo.client import KlaviyoClient, Pacing
from connectors.outgoing import Event
from connectors.sandbox.faults import Fault
from connectors.sandbox.klaviyo import RunningKlaviyo

NOW = datetime(2026, 1, 5, 1, 0, 30, tzinfo=UTC)
CUSTOMERS = 8
FAULTS = (
    Fault(takes=True, resets=True),
    Fault(resets=True),
    Fault(status=500),
    Fault(status=500, takes=True),
    Fault(status=503),
    Fault(status=429),
    Fault(status=429, retry_after="45"),
    Fault(cuts_after=20, takes=True),
    Fault(name="job_stuck"),
    Fault(name="job_cancelled"),
    Fault(name="records_fail"),
)


class KilledError(BaseException):
    """The process ends here."""


@dataclass
class Walk:
    """What shall be, and what is known of it, as a ledger knows it.

    Attributes:
        wanted: Per customer their value; None for those who shall not be in the list.
        known: Per customer what was last accepted; absent where that is not known.
        events: Keys that are to be told, and of which nothing is known.
    """

    chance: Random
    klaviyo: RunningKlaviyo
    time: Time
    wanted: dict[str, str | None] = field(default_factory=dict)
    known: dict[str, str | None] = field(default_factory=dict)
    events: dict[str, Delivery] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)
    left: int | None = None
    kills: int = 0

    def destination(self, object_: str) -> Remembering:
        more: dict[str, Any] = {"list_id": LIST_ID} if object_ == "profiles" else {}
        settings = klaviyo_settings(self.klaviyo.url, object=object_, patience_seconds=90, **more)

        async def sleep(seconds: float) -> None:
            self.step()
            await self.time.sleep(seconds)

        return Remembering(settings, Pacing(sleep, self.time.elapsed, self.chance))

    def step(self) -> None:
        if self.left is not None:
            self.left -= 1
            if self.left <= 0:
                self.left = None
                self.kills += 1
                raise KilledError

    def change(self, number: int) -> None:
        for customer in self.chance.sample(range(CUSTOMERS), 3):
            self.wanted[f"c{customer}"] = None if self.chance.random() < 0.3 else f"{number}.{customer}0"
        happened = Event("win-back", f"c{number}@shop.example", self.time.now.isoformat()).payload()
        self.events[f"event-{number}"] = Delivery(f"event-{number}", "m", "w", f"c{number}", Operation.SEND, happened)

    def pending(self) -> list[Delivery]:
        deliveries = []
        for customer, value in self.wanted.items():
            if customer in self.known and self.known[customer] == value:
                continue
            operation = Operation.REMOVE if value is None else Operation.UPSERT
            payload: dict[str, Any] = {"email": f"{customer}@shop.example", "clv_amount": value}
            if value is None:
                payload = {"customer_id": customer}
            deliveries.append(Delivery(f"{customer}-{value}", "m", "a", customer, operation, payload))
        return deliveries

    def run(self, profiles: Remembering, events: Remembering) -> None:
        """One run, which may die."""
        pending = self.pending()
        for delivery in pending:
            self.known.pop(delivery.customer_id, None)
        try:
            for result in profiles.send(pending, sent_at=self.time.now):
                assert result.outcome in {Outcome.ACCEPTED, Outcome.RETRY}
                if result.outcome is Outcome.ACCEPTED:
                    customer = result.action_key.partition("-")[0]
                    self.known[customer] = self.wanted[customer]
            for result in events.send(list(self.events.values()), sent_at=self.time.now):
                assert result.outcome in {Outcome.ACCEPTED, Outcome.RETRY}
                if result.outcome is Outcome.ACCEPTED:
                    self.told.add(result.action_key)
                    del self.events[result.action_key]
        except KilledError:
            return
        self.left = None


def walked(journal: Path, seed: int, monkeypatch: pytest.MonkeyPatch) -> Walk:
    """A walk, and then as many quiet runs as it takes."""
    chance, time = Random(seed), Time(NOW)
    with running_account(journal, time) as klaviyo:
        walk = Walk(chance, klaviyo, time)
        attempt = KlaviyoClient._attempt

        async def dying(self: KlaviyoClient, *arguments: Any) -> Any:
            walk.step()
            answer = await attempt(self, *arguments)
            walk.step()
            return answer

        monkeypatch.setattr(KlaviyoClient, "_attempt", dying)
        klaviyo.faults.draw(chance, 0.15, *FAULTS)
        profiles, events = walk.destination("profiles"), walk.destination("events")
        for number in range(10):
            walk.change(number)
            is_doomed = chance.random() < 0.5
            walk.left = chance.randrange(1, 25) if is_doomed else None
            walk.run(profiles, events)
            if is_doomed or chance.random() < 0.2:
                profiles, events = walk.destination("profiles"), walk.destination("events")
            if chance.random() < 0.4:
                klaviyo.jobs.release()
            time.pass_(chance.choice((1, 30, 600)))
        klaviyo.faults.clear()
        walk.left = None
        klaviyo.jobs.release()
        for _ in range(4):
            time.pass_(60)
            walk.run(profiles, events)
        assert walk.pending() == []
        assert walk.events == {}
        # Whatever is still under way at the account ends, and changes nothing.
        time.pass_(100_000)
        klaviyo.jobs.settle()
        before = len(klaviyo.journal.noted())
        walk.run(walk.destination("profiles"), walk.destination("events"))
        klaviyo.journal.flush()
        assert [one["kind"] for one in klaviyo.journal.noted()[before:] if one["kind"] != "request"] == []
        check(walk)
        return walk


def check(walk: Walk) -> None:
    account = walk.klaviyo.account
    profiles = account.profiles()
    in_list = {
        profiles[one]["external_id"]: str(profiles[one]["properties"]["clv_amount"]) for one in account.lists[LIST_ID]
    }
    assert in_list == {f"m:{customer}": value for customer, value in walk.wanted.items() if value is not None}
    recorded = [one["unique_id"] for one in walk.klaviyo.journal.noted("event")]
    assert sorted(recorded) == sorted(walk.told)
    assert len(recorded) == 10


def test_whatever_fails_the_account_ends_as_it_shall_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kills = 0
    for seed in range(4):
        with monkeypatch.context() as patches:
            kills += walked(tmp_path / f"{seed}.jsonl", seed, patches).kills
    assert kills > 4


@pytest.mark.soak
def test_whatever_fails_the_account_ends_as_it_shall_be_however_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in range(100, 300):
        with monkeypatch.context() as patches:
            walked(tmp_path / f"{seed}.jsonl", seed, patches)
