"""Delivery: carries a plan out, batch by batch, so that nothing is sent twice and nothing is lost.

Every batch goes through the same steps: claim in the ledger, send, record. Whatever stops the process between two of
them leaves a row that says how far it got, and the next run goes on from there. Must not decide who receives what; asks
the gates before every attempt, and knows no vendor.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
import structlog

from activation import ledger
from activation.actions import Action, LedgerOutcome, Plan, Target
from activation.breaker import Breaker
from activation.gates.email_consent import EmailConsent
from activation.gates.gate import Gate, Postponed, Refused, decisions
from activation.gates.suppressions import Suppressions
from activation.locks import HeldLock, exclusive
from activation.rendering import Render, rendered
from activation.sent_fields import remember
from connectors.blanking import blanked
from connectors.destination import Delivery, DeliveryResult, Destination, Operation, Outcome, TakesSeveral
from models.errors import StopError

_log = structlog.get_logger(__name__)

_ANYTHING_LIKE_AN_ADDRESS = re.compile(r"\S+@\S+")
_DECIDED = (Outcome.ACCEPTED, Outcome.REJECTED)
_LONGEST_REASON = 300


def exponential_backoff(attempt: int) -> float:
    """The seconds to wait after a failed attempt, where the destination asks for none: 1, 2, 4, … up to a minute."""
    return min(2.0 ** (attempt - 1), 60.0)


@dataclass(frozen=True)
class Pace:
    """How patient a delivery is.

    Attributes:
        clock: Says what time it is, in UTC.
        sleep: Waits the given seconds.
        backoff: The wait after the nth failed attempt.
        jitter: A number between 0 and 1, another one each time: by how much of its half a wait is drawn out, so that
            those who failed together do not come back together.
        attempts: How often a record is tried in one run.
        runs: In how many runs it is tried in vain before it waits for a person; one that the destination asked to
            come back later is not in vain.
        longest_wait_seconds: A destination that asks for more is tried again by the next run instead.
        breaker: Leaves a destination alone that takes nothing; the same one for all deliveries of a run.
    """

    clock: Callable[[], datetime]
    sleep: Callable[[float], None]
    backoff: Callable[[int], float] = exponential_backoff
    jitter: Callable[[], float] = lambda: 0.0
    attempts: int = 3
    runs: int = 3
    longest_wait_seconds: float = 120.0
    breaker: Breaker = field(default_factory=Breaker)


@dataclass(frozen=True)
class DeliveryReport:
    """What became of a plan.

    Attributes:
        plan: The plan.
        outcomes: How many actions ended how; `withheld` are those that a gate refused at the last moment, `postponed`
            those that it lets wait.
        deferred_count: Actions that were not attempted and wait in the ledger for the next run.
        reasons: How often each reason was given for not accepting a record.
    """

    plan: Plan
    outcomes: Mapping[str, int] = field(default_factory=dict)
    deferred_count: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)

    @property
    def accepted_count(self) -> int:
        """Actions that the destination said it has."""
        return self.outcomes.get(Outcome.ACCEPTED, 0)

    @property
    def failed_count(self) -> int:
        """Actions that were to be sent and are not known to have been taken."""
        failed = (*(o for o in Outcome if o is not Outcome.ACCEPTED), LedgerOutcome.DEAD)
        return sum(self.outcomes.get(outcome, 0) for outcome in failed) + self.deferred_count

    @property
    def is_successful(self) -> bool:
        """Whether everything that was to be sent was accepted, and nothing waits for a person."""
        return self.failed_count == 0 and not self.plan.blocked and not self.plan.dead


def lock_parts(target: Target) -> tuple[str, ...]:
    """What the lock is about that everyone who plans for and sends to a destination holds meanwhile."""
    return ("delivery", target.merchant_id, target.destination)


def deliver(
    engine: sa.Engine,
    plan: Plan,
    destination: Destination,
    *,
    run_id: str,
    pace: Pace,
    facts: Mapping[str, Any] | None = None,
    gates: Sequence[Gate] = (),
    render: Render | None = None,
) -> DeliveryReport:
    """Send what a plan says, alone with the destination.

    Args:
        engine: The warehouse; two connections of its pool are used.
        plan: The plan, made from the ledger as it is now.
        destination: Where to; its name and its idempotence must be those that the plan was made for.
        run_id: The run, for the ledger.
        pace: Clock, waits and patience.
        facts: What the ledger keeps beside each action; never payload values.
        gates: What is asked before every attempt, in this order, after consent and the
            suppression list of a target that asks for consent.
        render: Makes the payloads of actions that come without.

    Returns:
        How every action ended. A record, or a whole batch, that fails is a count in it and never an exception.

    Raises:
        RetryLaterError: Another process is delivering to the destination or has changed the ledger since the plan was
            made, or the warehouse went away; the next run finishes what was begun.
    """
    with exclusive(engine, *lock_parts(plan.target)) as lock:
        return deliver_under(
            lock, engine, plan, destination, run_id=run_id, pace=pace, facts=facts, gates=gates, render=render
        )


def deliver_under(
    lock: HeldLock,
    engine: sa.Engine,
    plan: Plan,
    destination: Destination,
    *,
    run_id: str,
    pace: Pace,
    facts: Mapping[str, Any] | None = None,
    gates: Sequence[Gate] = (),
    render: Render | None = None,
    with_it: Callable[[sa.Connection], None] = lambda _connection: None,
) -> DeliveryReport:
    """`deliver` for a caller who already holds the destination's lock; `with_it` is done as the plan is reserved."""
    target = plan.target
    if (destination.name, destination.is_idempotent) != (target.destination, target.is_idempotent):
        raise StopError(
            f"the plan is for destination '{target.destination}' with is_idempotent={target.is_idempotent}, and cannot "
            f"be delivered to '{destination.name}' with is_idempotent={destination.is_idempotent}; plan again"
        )
    if unknown := {action.operation for action in plan.actions} - destination.operations:
        raise StopError(f"destination '{destination.name}' cannot be asked for {', '.join(sorted(unknown))}")
    with engine.begin() as connection:
        ledger.reserve(connection, plan, run_id=run_id, reserved_at=pace.clock(), facts=facts or {})
        with_it(connection)
    shipment = _Shipment(engine, target, destination, run_id, pace, (*_gates_of(target), *gates), render)
    tally = _carry_all(shipment, plan.actions, lock)
    report = DeliveryReport(plan, dict(tally.outcomes), tally.deferred_count, dict(tally.reasons))
    _log.info(
        "delivered",
        merchant_id=target.merchant_id,
        **({"audience": target.audience} if target.campaign is None else {"campaign": target.campaign}),
        destination=target.destination,
        run_id=run_id,
        outcomes=dict(report.outcomes),
        deferred_count=report.deferred_count,
        unchanged_count=plan.unchanged_count,
        blocked_count=len(plan.blocked),
        dead_count=len(plan.dead),
    )
    return report


def _gates_of(target: Target) -> tuple[Gate, ...]:
    return () if target.consent is None else (EmailConsent(), Suppressions())


def _carry_all(shipment: "_Shipment", actions: Sequence[Action], lock: HeldLock) -> "_Tally":
    """Send everything, as many batches at once as the destination takes; what it does not take any more waits."""
    destination, pace = shipment.destination, shipment.pace
    size, at_once = destination.batch_size, destination.concurrency if isinstance(destination, TakesSeveral) else 1
    total = _Tally()
    parts = [actions]
    if shipment.target.has_shared_accounts:
        # What is taken back under one id has ended, at whichever try, before the accounts are written under another.
        parts = [[a for a in actions if (a.operation is Operation.REMOVE) is is_first] for is_first in (True, False)]
    cut = [[part[p : p + size] for p in range(0, len(part), size)] for part in parts]
    rounds = [batches[p : p + at_once] for batches in cut for p in range(0, len(batches), at_once)]
    for number, batches in enumerate(rounds):
        now = pace.clock()
        wait = (total.resume_at - now).total_seconds() if total.resume_at is not None else 0.0
        if not pace.breaker.allows(destination.name, now) or wait > pace.longest_wait_seconds:
            total.deferred_count += sum(len(batch) for left in rounds[number:] for batch in left)
            break
        if wait > 0:
            pace.sleep(wait)
        lock.require_held()
        if len(batches) == 1:
            tallies = [shipment.carry(batches[0])]
        else:
            with ThreadPoolExecutor(len(batches)) as threads:
                tallies = list(threads.map(shipment.carry, batches))
        for tally in tallies:
            pace.breaker.note(destination.name, was_heard=tally.was_heard, now=pace.clock())
            total.add(tally)
    return total


@dataclass
class _Tally:
    """How the actions of one or several batches ended.

    Attributes:
        resume_at: When the destination wants to be asked again, if it took nothing for now.
        was_heard: Whether it decided about any of them.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    deferred_count: int = 0
    resume_at: datetime | None = None
    was_heard: bool = True

    def add(self, other: "_Tally") -> None:
        self.outcomes.update(other.outcomes)
        self.reasons.update(other.reasons)
        self.deferred_count += other.deferred_count
        self.resume_at = other.resume_at

    def count(self, result: DeliveryResult, outcome: str) -> None:
        self.outcomes[outcome] += 1
        if result.outcome is not Outcome.ACCEPTED:
            self.reasons[result.reason or "no reason was given"] += 1


@dataclass(frozen=True)
class _Shipment:
    """What every batch of a plan is sent with."""

    engine: sa.Engine
    target: Target
    destination: Destination
    run_id: str
    pace: Pace
    gates: Sequence[Gate]
    render: Render | None

    def carry(self, batch: Sequence[Action]) -> _Tally:
        """Send a batch, again where that is safe."""
        tally = _Tally()
        now = self.pace.clock()
        pending = [action for action in batch if action.retry_at is None or action.retry_at <= now]
        tally.deferred_count += len(batch) - len(pending)
        tally.was_heard = not pending
        attempt = 0
        while pending:
            attempt += 1
            claimed = self._claim(pending, tally)
            results = self._send(claimed)
            retried = [result for result in results.values() if result.outcome is Outcome.RETRY]
            wait = self._wait(attempt, retried)
            again = {result.action_key for result in retried} if wait is not None else set()
            in_vain = [r.action_key for r in retried if r.action_key not in again and r.retry_at is None]
            with self.engine.begin() as connection:
                ledger.record(connection, self.target, list(results.values()))
                dead = ledger.count_failed_run(
                    connection, self.target, in_vain, run_id=self.run_id, most=self.pace.runs
                )
                taken = [a for a in claimed if results[a.action_key].outcome is Outcome.ACCEPTED]
                remember(connection, self.target, taken)
            tally.was_heard = tally.was_heard or not claimed or any(r.outcome in _DECIDED for r in results.values())
            for result in results.values():
                if result.action_key not in again:
                    tally.count(result, LedgerOutcome.DEAD if result.action_key in dead else result.outcome.value)
            asked = [result.retry_at for result in retried if result.retry_at is not None]
            tally.resume_at = max(asked) if asked and not tally.was_heard else None
            pending = [replace(a, attempt_count=a.attempt_count + 1) for a in claimed if a.action_key in again]
            if pending and wait is not None:
                self.pace.sleep(wait)
        return tally

    def _claim(self, actions: Sequence[Action], tally: _Tally) -> list[Action]:
        """Those of the actions that may be sent and are this process's to send, decided in one transaction."""
        now = self.pace.clock()
        with self.engine.begin() as connection:
            kept_back = decisions(self.gates, connection, self.target, actions, asked_at=now)
            allowed = [action for action in actions if action.action_key not in kept_back]
            ready, unrendered = rendered(self.render, connection, allowed, rendered_at=now)
            answers = {**kept_back, **unrendered}
            refused = {key: answer.reason for key, answer in answers.items() if isinstance(answer, Refused)}
            later = {key: (a.until, a.reason) for key, a in answers.items() if isinstance(a, Postponed)}
            if refused:
                ledger.withhold(connection, self.target, refused)
            if later:
                ledger.postpone(connection, self.target, later)
            claimed = ledger.claim(connection, self.target, ready, run_id=self.run_id, attempted_at=now)
        tally.outcomes.update({name: len(kept) for name, kept in (("withheld", refused), ("postponed", later)) if kept})
        return [action for action in ready if action.action_key in claimed]

    def _send(self, actions: Sequence[Action]) -> dict[str, DeliveryResult]:
        """Exactly one result for each action, whatever the destination answered."""
        if not actions:
            return {}
        batch = [
            Delivery(
                action_key=action.action_key,
                merchant_id=self.target.merchant_id,
                audience=self.target.name,
                customer_id=action.customer_id,
                operation=action.operation,
                payload=action.payload,
            )
            for action in actions
        ]
        lost = "the destination gave no answer about it"
        answers: dict[str, list[DeliveryResult]] = {}
        try:
            for result in self.destination.send(batch, sent_at=self.pace.clock()):
                answers.setdefault(result.action_key, []).append(result)
        # A destination must not raise; one that does all the same must not take the other batches with it.
        except Exception as error:  # noqa: BLE001 - see above
            lost = f"the destination failed with {type(error).__name__}"
            _log.warning(
                "destination_failed",
                destination=self.target.destination,
                run_id=self.run_id,
                error=type(error).__name__,
            )
        results = {}
        for action in actions:
            given = answers.get(action.action_key, [])
            is_clear = len({answer.outcome for answer in given}) == 1
            result = given[0] if is_clear else DeliveryResult(action.action_key, Outcome.MAYBE_SENT, lost)
            if result.outcome is Outcome.MAYBE_SENT and self.destination.is_idempotent:
                result = replace(result, outcome=Outcome.RETRY)  # the same key again has no second effect
            results[action.action_key] = replace(
                result,
                reason=without_values(result.reason, action.payload),
                provider_reference=without_values(result.provider_reference, action.payload),
            )
        return results

    def _wait(self, attempt: int, retried: Sequence[DeliveryResult]) -> float | None:
        """The seconds until the next attempt; None when it is left to the next run."""
        if attempt >= self.pace.attempts:
            return None
        now = self.pace.clock()
        asked = [(result.retry_at - now).total_seconds() for result in retried if result.retry_at is not None]
        drawn_out = self.pace.backoff(attempt) * (1 + self.pace.jitter() / 2)
        wait = max([drawn_out, *asked])
        return wait if wait <= self.pace.longest_wait_seconds else None


def without_values(text: str | None, payload: Mapping[str, Any]) -> str | None:
    """A destination's words without the values that it was sent, for the ledger and logs; at most 300 characters."""
    if text is None:
        return None
    text = blanked(text, (str(value) for value in payload.values() if value is not None))
    return _ANYTHING_LIKE_AN_ADDRESS.sub("…", text)[:_LONGEST_REASON]
