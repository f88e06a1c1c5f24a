"""Planning: what has to be sent so that a destination knows what an audience is now.

Pure: members with their payloads and consent on one side, the ledger's memory on the other, and a plan of actions
between them. Applying a plan and planning again gives an empty plan. Must not read a table, a clock or a destination.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from activation.actions import (
    OPEN,
    Action,
    Cause,
    LedgerEntry,
    LedgerMemory,
    LedgerOutcome,
    Member,
    Plan,
    Target,
    Withholding,
    action_key,
)
from activation.modes import OPERATIONS, Mode
from activation.payloads import digest
from connectors.destination import Operation

# What says of a customer that the destination was sent exactly these values, by what it is asked for now.
_SATISFIED_BY = {
    Operation.UPSERT: frozenset({Operation.UPSERT}),
    Operation.UPDATE: frozenset({Operation.UPSERT, Operation.UPDATE}),
}
_ADDING = frozenset({Operation.UPSERT, Operation.INSERT})


def plan(
    target: Target,
    members: Iterable[Member],
    memory: LedgerMemory,
    mode: Mode = Mode.MIRROR,
    current_ids: Mapping[str, str] | None = None,
) -> Plan:
    """Hold the audience's members against what the destination is known to hold.

    Args:
        target: The audience and the destination.
        members: Every current member, refused ones included, each once.
        memory: What the ledger remembers of them and of those who left.
        mode: What the destination is asked for.
        current_ids: What ids of then stand for now; needed where a person's ids have the same accounts.
    """
    wanted = {member.customer_id: member for member in members}
    histories = {name: _History.of(target, memory, name) for name in sorted(wanted.keys() | memory.entries.keys())}
    left = {
        name: _decide(target, mode, name, None, history, is_overwritten=False)
        for name, history in histories.items()
        if name not in wanted
    }
    again: set[str] = set()
    if target.has_shared_accounts:
        leaving = {name for name, decision in left.items() if decision.action}
        again = _overwritten(histories, wanted, leaving, current_ids or {})
    decisions = [
        left[name] if name in left else _decide(target, mode, name, wanted[name], history, is_overwritten=name in again)
        for name, history in histories.items()
    ]
    actions = [d.action for d in decisions if d.action]
    return Plan(
        target=target,
        position=memory.position,
        # What is taken back under another id comes before what the accounts shall hold in the end.
        actions=tuple(sorted(actions, key=lambda action: action.customer_id in again)),
        withholdings=tuple(d.withholding for d in decisions if d.withholding),
        superseded=tuple(sorted(i for d in decisions for i in d.superseded)),
        presumed_sent=tuple(sorted(i for d in decisions for i in d.presumed_sent)),
        blocked=tuple(d.customer_id for d in decisions if d.is_blocked),
        dead=tuple(d.customer_id for d in decisions if d.is_dead),
        unchanged_count=sum(d.is_unchanged for d in decisions),
        refused_count=sum(member.refusal is not None for member in wanted.values()),
        standing_rejection_count=sum(d.is_rejected for d in decisions),
        held_count=sum(d.is_held for d in decisions),
    )


@dataclass(frozen=True)
class _History:
    """One customer's entries, read for what they say about the destination's state."""

    accepted: LedgerEntry | None
    open: tuple[LedgerEntry, ...]
    rejected: frozenset[tuple[Operation, str]]
    dead: tuple[LedgerEntry, ...]
    withheld_reason: str | None
    is_uncertain: bool
    presumed_sent: tuple[int, ...]
    is_blocked: bool
    sequence: int

    @staticmethod
    def of(target: Target, memory: LedgerMemory, customer_id: str) -> "_History":
        entries = sorted(memory.entries.get(customer_id, ()), key=lambda entry: entry.delivery_id)
        accepted = next((e for e in reversed(entries) if e.outcome is LedgerOutcome.ACCEPTED), None)
        later = [e for e in entries if accepted is None or e.delivery_id > accepted.delivery_id]
        # An attempt at an idempotent destination whose answer was lost may have been taken; at any other, only a
        # maybe_sent entry may.
        unknown = [
            e.delivery_id
            for e in later
            if target.is_idempotent
            and e.attempt_count
            and e.outcome not in {LedgerOutcome.ACCEPTED, LedgerOutcome.REJECTED}
        ]
        died_sending = [e for e in entries if e.outcome is LedgerOutcome.RESERVED and e.attempt_count]
        presumed_sent = () if target.is_idempotent else tuple(e.delivery_id for e in died_sending)
        # A refusal is remembered until they are sent again; a removal in between does not make it a new one.
        last_sent = accepted.delivery_id if accepted and accepted.operation is not Operation.REMOVE else 0
        withheld = [e.reason for e in entries if e.outcome is LedgerOutcome.WITHHELD and e.delivery_id > last_sent]
        return _History(
            accepted=accepted,
            open=tuple(e for e in entries if e.outcome in OPEN and e.delivery_id not in presumed_sent),
            rejected=frozenset(
                (e.operation, e.payload_hash)
                for e in later
                if e.outcome is LedgerOutcome.REJECTED and e.delivery_id > max(unknown, default=0)
            ),
            dead=tuple(e for e in entries if e.outcome is LedgerOutcome.DEAD),
            withheld_reason=withheld[-1] if withheld else None,
            is_uncertain=bool(unknown),
            presumed_sent=presumed_sent,
            is_blocked=bool(presumed_sent) or any(e.outcome is LedgerOutcome.MAYBE_SENT for e in entries),
            sequence=memory.sequences.get(customer_id, 0),
        )

    @property
    def may_hold(self) -> bool:
        """Whether the destination holds the customer on our account, or may."""
        return self.is_uncertain or (self.accepted is not None and self.accepted.operation in _ADDING)

    def is_done(self, operation: Operation, payload_hash: str) -> bool:
        """Whether the destination is known to be as it shall be."""
        if operation is Operation.REMOVE:
            return not self.may_hold
        if self.accepted is None or self.is_uncertain:
            return False
        if operation is Operation.INSERT:  # what it holds keeps its values
            return self.may_hold
        return self.accepted.payload_hash == payload_hash and self.accepted.operation in _SATISFIED_BY[operation]


@dataclass(frozen=True)
class _Decision:
    customer_id: str
    action: Action | None = None
    withholding: Withholding | None = None
    superseded: tuple[int, ...] = ()
    presumed_sent: tuple[int, ...] = ()
    is_blocked: bool = False
    is_unchanged: bool = False
    is_rejected: bool = False
    is_dead: bool = False
    is_held: bool = False


def _overwritten(
    histories: Mapping[str, _History],
    wanted: Mapping[str, Member],
    leaving: Collection[str],
    current_ids: Mapping[str, str],
) -> set[str]:
    """The members whose accounts were written to under another id of theirs after they were, or are about to be.

    A removal that is not tried now, such as one that was rejected, is not about to: else they were written each night.
    """
    found = set()
    latest: dict[str, float] = {}
    for name, history in histories.items():
        if name not in wanted:
            last = float("inf") if name in leaving else history.accepted.delivery_id if history.accepted else 0
            person = current_ids.get(name, name)
            latest[person] = max(latest.get(person, 0), last)
    for name in wanted:
        accepted = histories[name].accepted
        if accepted is not None and latest.get(current_ids.get(name, name), 0) > accepted.delivery_id:
            found.add(name)
    return found


def _decide(
    target: Target, mode: Mode, customer_id: str, member: Member | None, history: _History, *, is_overwritten: bool
) -> _Decision:
    if history.is_blocked:
        presumed_sent = history.presumed_sent
        return _Decision(customer_id, presumed_sent=presumed_sent, is_blocked=True, is_held=history.may_hold)
    withholding = None
    if member is not None and member.refusal is None:
        operation, payload = OPERATIONS[mode], member.payload
        was_sent = history.accepted is not None and history.accepted.operation is not Operation.REMOVE
        cause = Cause.CHANGED if was_sent else Cause.ENTERED
        if history.is_uncertain:
            cause = Cause.UNCONFIRMED
    else:
        # Identifiers only: a removal must not carry what it takes back.
        operation, payload = Operation.REMOVE, {"customer_id": customer_id}
        cause = Cause.LEFT if member is None else Cause.REFUSED
    payload_hash = digest(payload)
    is_wanted = operation is not Operation.REMOVE or mode is Mode.MIRROR
    kept, superseded = _continued(history, operation, payload_hash, is_wanted=is_wanted)
    is_done = not is_wanted or (history.is_done(operation, payload_hash) and not (member and is_overwritten))
    dead = {e.delivery_id for e in history.dead if (e.operation, e.payload_hash) == (operation, payload_hash)}
    is_dead = bool(dead) and kept is None and not is_done
    superseded += tuple(e.delivery_id for e in history.dead if not (is_dead and e.delivery_id in dead))
    sequence = history.sequence + len(superseded)
    if member is not None and member.refusal is not None and history.withheld_reason != member.refusal:
        withheld_hash = digest(member.refusal)
        key = action_key(target, customer_id, "withhold", withheld_hash, sequence)
        withholding = Withholding(key, customer_id, member.refusal, withheld_hash, sequence)
    is_rejected = kept is None and not is_done and (operation, payload_hash) in history.rejected
    action = None
    if kept is not None or not (is_done or is_rejected or is_dead):
        action = Action(
            action_key=kept.action_key if kept else action_key(target, customer_id, operation, payload_hash, sequence),
            customer_id=customer_id,
            operation=operation,
            payload=payload,
            payload_hash=payload_hash,
            sequence=sequence,
            cause=cause,
            model_run_id=member.model_run_id if member else None,
            attempt_count=kept.attempt_count if kept else 0,
            retry_at=kept.retry_at if kept else None,
        )
    return _Decision(
        customer_id,
        action=action,
        withholding=withholding,
        superseded=superseded,
        is_unchanged=is_done and action is None and operation is not Operation.REMOVE,
        is_rejected=is_rejected,
        is_dead=is_dead,
        is_held=history.may_hold,
    )


def _continued(
    history: _History, operation: Operation, payload_hash: str, *, is_wanted: bool
) -> tuple[LedgerEntry | None, tuple[int, ...]]:
    """The open entry that is this very action, to be sent under its own key; and the others, which it replaces."""
    newest = history.open[-1] if history.open else None
    after = history.accepted.delivery_id if history.accepted else 0
    is_same = (
        is_wanted
        and newest is not None
        and newest.delivery_id > after
        and (newest.operation, newest.payload_hash) == (operation, payload_hash)
    )
    kept = newest if is_same else None
    return kept, tuple(e.delivery_id for e in history.open if e is not kept)
