"""Planning what happens once: each occurrence that the ledger does not know yet, and each that is still on its way.

Pure. An occurrence happens once by its key, whatever its payload is and however often it is wanted: what was refused,
rejected or may have been sent is not tried anew because it is wanted again. Must not read a table or a clock.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from activation.actions import NOT_TAKEN, Action, Cause, LedgerEntry, LedgerOutcome, Occasion, Plan, Target
from activation.payloads import digest
from connectors.destination import Operation


@dataclass(frozen=True)
class Occurrence:
    """One message to one customer on one occasion.

    Attributes:
        customer_id: The customer.
        occasion: What makes it that one.
        occurred_at: When what it is about happened, with a zone.
        model_run_id: The model run that it follows from.
        facts: What the ledger keeps beside it, such as the segment and its rule's digest; never personal data.
        payload: What to send; None to have it rendered just before it is sent.
    """

    customer_id: str
    occasion: Occasion
    occurred_at: datetime
    model_run_id: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    payload: dict[str, Any] | None = field(default=None, repr=False)


@dataclass(frozen=True)
class OpenOccurrence:
    """A row of the ledger that is not done.

    Attributes:
        entry: The row.
        destination: Where it was reserved for, or tried last.
        occasion: What makes it that one.
        facts: What the ledger keeps beside it.
        model_run_id: The model run that it follows from.
    """

    entry: LedgerEntry
    destination: str
    occasion: Occasion
    facts: Mapping[str, Any] = field(default_factory=dict)
    model_run_id: str | None = None

    @property
    def action(self) -> Action:
        """The action that goes on from it; its payload is rendered anew."""
        return Action(
            action_key=self.entry.action_key,
            customer_id=self.entry.customer_id,
            operation=self.entry.operation,
            payload={},
            payload_hash="",
            sequence=0,
            cause=Cause.TRIGGERED,
            model_run_id=self.model_run_id,
            attempt_count=self.entry.attempt_count,
            retry_at=self.entry.retry_at,
            occasion=self.occasion,
            facts=self.facts,
        )


@dataclass(frozen=True)
class OccurrenceMemory:
    """What the ledger remembers of a campaign.

    Attributes:
        known: The keys that it holds, of those that were asked about.
        waiting: What is reserved, to be tried again, dead, or may have been sent, at whichever destination.
        position: The highest `delivery_id` of the campaign at the destination; 0 for none.
    """

    known: frozenset[str] = frozenset()
    waiting: tuple[OpenOccurrence, ...] = ()
    position: int = 0


def occurrence_key(target: Target, customer_id: str, occasion: Occasion) -> str:
    """The name of an occurrence. Neither the destination nor the payload is part of it: it is the same message."""
    return digest(
        [target.merchant_id, target.campaign, customer_id, occasion.arm, occasion.step, occasion.period],
    )


def plan_occurrences(
    target: Target, wanted: Iterable[Occurrence], memory: OccurrenceMemory, *, active_since: datetime, is_replay: bool
) -> Plan:
    """What has to be sent, once.

    Args:
        target: The campaign and the destination.
        wanted: What shall happen; what has happened already may be among it.
        memory: What the ledger remembers, asked about all the keys of `wanted`.
        active_since: What occurred before it is history, and messages no one.
        is_replay: Whether the data is of an earlier time than what was sent from; then nothing is sent at all.
    """
    waiting, presumed_sent, blocked = _taken_up(target, memory)
    dead = [w.entry.customer_id for w in memory.waiting if w.entry.outcome is LedgerOutcome.DEAD]
    held = {action.action_key for action in waiting} | memory.known
    fresh: dict[str, Action] = {}
    untriggered = unchanged = 0
    for occurrence in wanted:
        key = occurrence_key(target, occurrence.customer_id, occurrence.occasion)
        if key in held or key in fresh:
            unchanged += key not in fresh
        elif is_replay or occurrence.occurred_at < active_since:
            untriggered += 1
        else:
            fresh[key] = Action(
                action_key=key,
                customer_id=occurrence.customer_id,
                operation=Operation.SEND,
                payload=occurrence.payload or {},
                payload_hash="" if occurrence.payload is None else digest(occurrence.payload),
                sequence=0,
                cause=Cause.TRIGGERED,
                model_run_id=occurrence.model_run_id,
                occasion=occurrence.occasion,
                facts={**occurrence.facts, "occurred_at": occurrence.occurred_at.isoformat()},
            )
    return Plan(
        target=target,
        position=memory.position,
        actions=() if is_replay else (*waiting, *sorted(fresh.values(), key=_order)),
        presumed_sent=presumed_sent,
        blocked=blocked,
        dead=tuple(sorted(dead)),
        unchanged_count=unchanged,
        untriggered_count=untriggered,
    )


def _order(action: Action) -> tuple[str, str]:
    return action.customer_id, action.action_key


def _taken_up(target: Target, memory: OccurrenceMemory) -> tuple[tuple[Action, ...], tuple[int, ...], tuple[str, ...]]:
    """What goes on from where an earlier run left it; what may have been sent by then; and who waits for a person."""
    again: list[Action] = []
    presumed_sent: list[int] = []
    blocked: list[str] = []
    for waiting in sorted(memory.waiting, key=lambda waiting: waiting.entry.delivery_id):
        entry = waiting.entry
        if entry.outcome is LedgerOutcome.DEAD:
            continue
        died_sending = entry.outcome is LedgerOutcome.RESERVED and entry.attempt_count > 0
        # Only the destination that was tried can tell a repeat of its own; and what it was asked to try again because
        # its answer was lost, another one would do a second time; unless a person knows that no attempt was taken.
        was_tried = entry.attempt_count > 0 and waiting.facts.get(NOT_TAKEN) != entry.attempt_count
        is_elsewhere = was_tried and waiting.destination != target.destination
        if entry.outcome is LedgerOutcome.MAYBE_SENT:
            blocked.append(entry.customer_id)
        elif is_elsewhere or (died_sending and not target.is_idempotent):
            presumed_sent.append(entry.delivery_id)
            blocked.append(entry.customer_id)
        else:
            again.append(waiting.action)
    return tuple(again), tuple(presumed_sent), tuple(blocked)
