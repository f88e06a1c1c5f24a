"""Syncs: keep a destination in step with an audience, from the warehouse's tables to the delivered records.

Reads members, fields, contacts and the ledger in one snapshot, lets the pure functions decide, and hands the plan to
delivery. Must not decide itself, and knows no vendor.
"""

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from activation.actions import Cause, LedgerMemory, LedgerOutcome, Plan, Target
from activation.backfill import adopt
from activation.changes import (
    SyncCursor,
    changed_customers,
    held_count,
    latest_change,
    move_cursor,
    read_cursor,
    settings_hash,
)
from activation.delivery import DeliveryReport, Pace, deliver_under, lock_parts
from activation.identities import addressed
from activation.ledger import read_memory
from activation.locks import exclusive
from activation.members import Members, read_members, rule_hash
from activation.modes import OPERATIONS, Mode
from activation.payloads import Sync, require_consent
from activation.planning import plan
from activation.publishing import publishable_date
from activation.reading_back import read_back
from activation.sent_fields import FieldChange, changes, read_sent_fields
from connectors.destination import Destination, Operation, WritesToAccounts
from models.errors import MisconfiguredError, StopError
from models.identity import current_ids

__all__ = ["PlannedSync", "Preview", "Sync", "plan_sync", "preview_sync", "sync_audience"]


@dataclass(frozen=True)
class Preview:
    """One thing that a sync would do, without personal data.

    Attributes:
        customer_id: The customer.
        operation: upsert or remove; None where it would withhold.
        reason: Why.
        fields: The values that it would send, personal ones left out.
        changes: Which of the destination's fields it would change, from what to what.
    """

    customer_id: str
    operation: Operation | None
    reason: str
    fields: dict[str, Any] = field(default_factory=dict)
    changes: tuple[FieldChange, ...] = ()


@dataclass(frozen=True)
class PlannedSync:
    """A plan, and what it was made from.

    Attributes:
        plan: What to send.
        facts: What the ledger keeps beside each action: the day that the values describe, and the rule's digest.
        as_of_date: That day.
        latest_sent_date: The latest day whose values the destination was already sent; None before the first plan.
        previews: What it would do, customer by customer; only where they were asked for.
        cursor: Up to where the ledger is in step once the plan is reserved; None where changes are not known.
    """

    plan: Plan
    facts: dict[str, Any]
    as_of_date: date | None
    latest_sent_date: date | None
    previews: tuple[Preview, ...] = ()
    cursor: SyncCursor | None = None


def sync_audience(
    engine: sa.Engine,
    *,
    merchant_id: str,
    sync: Sync,
    audience: Members,
    destination: Destination,
    run_id: str,
    pace: Pace,
    key: str = "syncs",
    approved_digest: str | None = None,
    knows_changes: bool = False,
) -> DeliveryReport:
    """Send a destination what has changed in an audience since the last accepted message, and nothing else.

    Args:
        engine: The warehouse; two connections of its pool are used.
        merchant_id: The tenant.
        sync: The fields, the consent and the mode.
        audience: The audience, refreshed before, or the segment.
        destination: Where to.
        run_id: The run, for the ledger.
        pace: Clock, waits and patience.
        key: The sync's path in `perennial.yml`, for errors.
        approved_digest: The digest of the plan that a person has seen; it is carried out as it is, or not at all.
        knows_changes: Whether `changes.reconcile` has looked at the customers as they are; then only those are read of
            whom there may be something to send.

    Raises:
        MisconfiguredError: The sync would send personal data without asking for consent, or the destination cannot be
            asked for what its mode needs.
        StopError: The merchant is withheld, has no customers, or the tables describe an earlier day than the one the
            destination was last sent: a replay or a backfill messages no one. Or the plan is no longer the one that was
            approved, or takes back more than the sync allows without an approval.
        RetryLaterError: Another process is at work on the destination, or the warehouse went away.
    """
    target = sync_target(merchant_id, sync, audience, destination, key)
    with exclusive(engine, *lock_parts(target)) as lock:
        read_back(lock, engine, target, destination, asked_at=pace.clock())
        now = pace.clock() if knows_changes else None
        planned = plan_sync(engine, target=target, sync=sync, audience=audience, changes_at=now)
        _refuse_replay(target, planned)
        if approved_digest is None:
            _refuse_mass_removal(planned.plan, sync, key)
        elif planned.plan.digest != approved_digest:
            raise StopError(
                f"what there is to send of {target.in_words} is no longer what was approved; look at "
                "`perennial sync plan` again"
            )
        cursor = planned.cursor
        return deliver_under(
            lock,
            engine,
            planned.plan,
            destination,
            run_id=run_id,
            pace=pace,
            facts=planned.facts,
            with_it=lambda connection: move_cursor(connection, target, cursor) if cursor is not None else None,
        )


def backfill_audience(
    engine: sa.Engine,
    *,
    merchant_id: str,
    sync: Sync,
    audience: Members,
    destination: Destination,
    run_id: str,
    pace: Pace,
    key: str = "syncs",
) -> Plan:
    """Take for known what a sync would send, without sending anything: the destination holds it by another way.

    What the audience is today is written down as accepted; from then on only what changes is sent. Nobody who would be
    refused is written down, and nothing that the ledger has open is touched.

    Returns:
        What was taken for known.

    Raises:
        MisconfiguredError: As `sync_audience`.
        StopError: The merchant is withheld, has no customers, or is described as of an earlier day than was sent.
        RetryLaterError: Another process is at work on the destination, or the warehouse went away.
    """
    target = sync_target(merchant_id, sync, audience, destination, key)
    with exclusive(engine, *lock_parts(target)):
        planned = plan_sync(engine, target=target, sync=sync, audience=audience)
        _refuse_replay(target, planned)
        return adopt(engine, planned.plan, run_id=run_id, known_at=pace.clock(), facts=planned.facts)


def preview_sync(
    engine: sa.Engine, *, merchant_id: str, sync: Sync, audience: Members, destination: Destination, key: str = "syncs"
) -> list[Preview]:
    """What `sync_audience` would send and refuse now; writes nothing and sends nothing.

    Raises:
        MisconfiguredError: As `sync_audience`.
        StopError: The merchant is withheld or has no customers.
    """
    target = sync_target(merchant_id, sync, audience, destination, key)
    return list(plan_sync(engine, target=target, sync=sync, audience=audience, with_previews=True).previews)


def plan_sync(
    engine: sa.Engine,
    *,
    target: Target,
    sync: Sync,
    audience: Members,
    with_previews: bool = False,
    changes_at: datetime | None = None,
) -> PlannedSync:
    """Read one snapshot of the warehouse and plan from it.

    Args:
        engine: The warehouse.
        target: What the sync is about.
        sync: The sync.
        audience: The audience or the segment.
        with_previews: Whether to say what it would do customer by customer.
        changes_at: Now, where the changes of customers are known up to now; then only those are read of whom there may
            be something to send, and the plan comes with a cursor. None looks at all.

    Raises:
        StopError: The merchant is withheld, has no row in `marts.customer_360`, or not the segment.
    """
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection, connection.begin():
        as_of_date = publishable_date(connection, target.merchant_id)
        facts: dict[str, Any] = {"rule_hash": rule_hash(connection, target.merchant_id, audience)}
        before: SyncCursor | None = None
        only: set[str] | None = None
        cursor: SyncCursor | None = None
        hashed = facts["rule_hash"]
        if changes_at is not None and as_of_date is not None:
            before = read_cursor(connection, target)
            only = changed_customers(connection, target, sync, hashed, as_of_date=as_of_date, now=changes_at)
            looked_at_all = changes_at if only is None or before is None else before.reconciled_at
            number = latest_change(connection, target.merchant_id)
            cursor = SyncCursor(settings_hash(sync, hashed), number, as_of_date, looked_at_all)
        members = list(read_members(connection, target.merchant_id, sync, audience, only))
        memory = read_memory(connection, target, only)
        # Only ids that are nobody's now can have become another's.
        unknown = sorted(memory.entries.keys() - {member.customer_id for member in members})
        renamed = current_ids(connection, target.merchant_id, unknown)
        members = addressed(members, memory, renamed)
        made = plan(target, members, memory, sync.mode, renamed)
        if only is not None:
            # Of whom nothing changed nothing was read; the destination holds them as they are.
            held = held_count(connection, target)
            made = replace(made, held_count=held, unchanged_count=made.unchanged_count + max(held - made.held_count, 0))
        previews = _previews(connection, made, memory) if with_previews else ()
    if as_of_date is not None:
        facts["as_of_date"] = as_of_date.isoformat()
    latest = memory.as_of_date if only is None or before is None else before.as_of_date
    return PlannedSync(made, facts, as_of_date, latest, previews, cursor)


def sync_target(merchant_id: str, sync: Sync, audience: Members, destination: Destination, key: str) -> Target:
    """What a sync is about.

    Raises:
        MisconfiguredError: It would send personal data without asking for consent, or the destination cannot be asked
            for what its mode needs.
    """
    if (sync.name, sync.destination) != (audience.name, destination.name):
        raise ValueError(
            f"the sync is of audience '{sync.name}' with '{sync.destination}', and was given audience "
            f"'{audience.name}' and destination '{destination.name}'"
        )
    require_consent(sync, key)
    needed = {OPERATIONS[sync.mode], *([Operation.REMOVE] if sync.mode is Mode.MIRROR else [])}
    if missing := sorted(needed - destination.operations):
        raise MisconfiguredError(
            f"{key}.mode", f"{sync.mode}: destination '{destination.name}' cannot be asked for {', '.join(missing)}"
        )
    return Target(
        merchant_id,
        destination.name,
        audience.name,
        destination.is_idempotent,
        sync.consent,
        personal_fields=sync.personal_names,
        has_shared_accounts=isinstance(destination, WritesToAccounts),
    )


def _previews(connection: sa.Connection, made: Plan, memory: LedgerMemory) -> tuple[Preview, ...]:
    target = made.target
    sent = read_sent_fields(connection, target, [action.customer_id for action in made.actions])
    held = {
        customer_id: next((e for e in reversed(entries) if e.outcome is LedgerOutcome.ACCEPTED), None)
        for customer_id, entries in memory.entries.items()
    }
    found = []
    for action in made.actions:
        accepted = held.get(action.customer_id)
        is_held = accepted is not None and accepted.operation is not Operation.REMOVE
        held_hash = accepted.payload_hash if accepted is not None and is_held else None
        fields = {
            name: value
            for name, value in action.payload.items()
            if action.operation is not Operation.REMOVE and name not in target.personal_fields
        }
        changed = changes(target, action, sent.get(action.customer_id), held_hash)
        found.append(Preview(action.customer_id, action.operation, action.cause, fields, tuple(changed)))
    refused = [Preview(withheld.customer_id, None, withheld.reason) for withheld in made.withholdings]
    return (*found, *refused)


def _refuse_mass_removal(made: Plan, sync: Sync, key: str) -> None:
    """Refuse to take back much of what the destination holds: more often a mistake upstream than so many leaving.

    Who may no longer be written to is taken back always.
    """
    leaving = sum(action.operation is Operation.REMOVE and action.cause is Cause.LEFT for action in made.actions)
    # What was sent before fields were kept is known to the ledger alone: nobody leaves who was not there.
    held = max(made.held_count, leaving)
    if leaving <= max(sync.removals_always_allowed, sync.largest_removal_share * held):
        return
    raise StopError(
        f"{made.target.in_words} would take back {leaving:,} of the {held:,} customers that it was sent "
        f"({leaving / held:.0%}), and {key}.largest_removal_share allows {sync.largest_removal_share:.0%}. "
        "Look at `perennial sync plan`; if it is right, carry it out with `perennial sync apply --digest`, or raise "
        "largest_removal_share."
    )


def _refuse_replay(target: Target, planned: PlannedSync) -> None:
    latest = planned.latest_sent_date
    if latest is not None and (planned.as_of_date is None or planned.as_of_date < latest):
        raise StopError(
            f"marts.customer_360 describes {planned.as_of_date}, and destination '{target.destination}' was already "
            f"sent '{target.name}' as of {latest}; a replay of an earlier day messages no one. Preview it "
            "instead."
        )
