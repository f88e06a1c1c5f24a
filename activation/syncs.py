"""Syncs: keep a destination in step with an audience, from the warehouse's tables to the delivered records.

Reads members, fields, contacts and the ledger in one snapshot, lets the pure functions decide, and hands the plan to
delivery. Must not decide itself, and knows no vendor.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import sqlalchemy as sa

from activation.actions import Member, Plan, Target
from activation.arrays import among
from activation.audiences import Audience
from activation.consent import Contact, email_refusal, read_contacts
from activation.customers import PERSONAL_FIELDS, customer_360
from activation.delivery import DeliveryReport, Pace, deliver_under, lock_parts
from activation.identities import addressed
from activation.ledger import read_memory
from activation.locks import exclusive
from activation.payloads import Sync, payload_of, require_consent
from activation.planning import plan
from activation.publishing import publishable_date
from activation.reading_back import read_back
from connectors.destination import Destination, Operation
from models.activation import audience_members
from models.errors import RejectedRecordError, StopError
from models.identity import current_ids

__all__ = ["PlannedSync", "Preview", "Sync", "plan_sync", "preview_sync", "sync_audience"]


@dataclass(frozen=True)
class PlannedSync:
    """A plan, and what it was made from.

    Attributes:
        plan: What to send.
        facts: What the ledger keeps beside each action: the day that the values describe, and the rule's digest.
        as_of_date: That day.
        latest_sent_date: The latest day whose values the destination was already sent; None before the first plan.
    """

    plan: Plan
    facts: dict[str, Any]
    as_of_date: date | None
    latest_sent_date: date | None


@dataclass(frozen=True)
class Preview:
    """One thing that a sync would do, without personal data.

    Attributes:
        customer_id: The customer.
        operation: upsert or remove; None where it would withhold.
        reason: Why.
        fields: The values that it would send, personal ones left out.
    """

    customer_id: str
    operation: Operation | None
    reason: str
    fields: dict[str, Any] = field(default_factory=dict)


def sync_audience(
    engine: sa.Engine,
    *,
    merchant_id: str,
    sync: Sync,
    audience: Audience,
    destination: Destination,
    run_id: str,
    pace: Pace,
    key: str = "syncs",
) -> DeliveryReport:
    """Send a destination what has changed in an audience since the last accepted message, and nothing else.

    Args:
        engine: The warehouse; two connections of its pool are used.
        merchant_id: The tenant.
        sync: The fields and the consent.
        audience: The audience, refreshed before.
        destination: Where to.
        run_id: The run, for the ledger.
        pace: Clock, waits and patience.
        key: The sync's path in `perennial.yml`, for errors.

    Raises:
        MisconfiguredError: The sync would send personal data without asking for consent.
        StopError: The merchant is withheld, has no customers, or the tables describe an earlier day than the one the
            destination was last sent: a replay or a backfill messages no one.
        RetryLaterError: Another process is at work on the destination, or the warehouse went away.
    """
    target = _target(merchant_id, sync, audience, destination, key)
    with exclusive(engine, *lock_parts(target)) as lock:
        read_back(lock, engine, target, destination, asked_at=pace.clock())
        planned = plan_sync(engine, target=target, sync=sync, audience=audience)
        _refuse_replay(target, planned)
        return deliver_under(lock, engine, planned.plan, destination, run_id=run_id, pace=pace, facts=planned.facts)


def preview_sync(
    engine: sa.Engine, *, merchant_id: str, sync: Sync, audience: Audience, destination: Destination, key: str = "syncs"
) -> list[Preview]:
    """What `sync_audience` would send and refuse now; writes nothing and sends nothing.

    Raises:
        MisconfiguredError: The sync would send personal data without asking for consent.
        StopError: The merchant is withheld or has no customers.
    """
    target = _target(merchant_id, sync, audience, destination, key)
    made = plan_sync(engine, target=target, sync=sync, audience=audience).plan
    actions = [
        Preview(
            action.customer_id,
            action.operation,
            action.cause,
            {
                name: value
                for name, value in action.payload.items()
                if action.operation is Operation.UPSERT and name not in PERSONAL_FIELDS
            },
        )
        for action in made.actions
    ]
    return actions + [Preview(refused.customer_id, None, refused.reason) for refused in made.withholdings]


def plan_sync(engine: sa.Engine, *, target: Target, sync: Sync, audience: Audience) -> PlannedSync:
    """Read one snapshot of the warehouse and plan from it.

    Raises:
        StopError: The merchant is withheld, or has no row in `marts.customer_360`.
    """
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection, connection.begin():
        as_of_date = publishable_date(connection, target.merchant_id)
        members = list(read_members(connection, target.merchant_id, sync, audience))
        memory = read_memory(connection, target)
        # Only ids that are nobody's now can have become another's.
        unknown = sorted(memory.entries.keys() - {member.customer_id for member in members})
        members = addressed(members, memory, current_ids(connection, target.merchant_id, unknown))
    facts: dict[str, Any] = {"rule_hash": audience.rule_hash}
    if as_of_date is not None:
        facts["as_of_date"] = as_of_date.isoformat()
    return PlannedSync(plan(target, members, memory), facts, as_of_date, memory.as_of_date)


def read_members(connection: sa.Connection, merchant_id: str, sync: Sync, audience: Audience) -> Iterator[Member]:
    """The audience's current members with what a sync sends of them, or why it may not."""
    ids = list(
        connection.execute(
            sa.select(audience_members.c.customer_id).where(
                audience_members.c.merchant_id == merchant_id,
                audience_members.c.audience == audience.name,
                audience_members.c.left_at.is_(None),
            )
        ).scalars()
    )
    contacts = read_contacts(connection, merchant_id, ids) if sync.consent is not None else {}
    rows = connection.execute(
        sa.select(customer_360).where(customer_360.c.merchant_id == merchant_id, among(customer_360.c.customer_id, ids))
    ).mappings()
    for row in rows:
        contact = contacts.get(row["customer_id"])
        refusal = email_refusal(contact) if sync.consent is not None else None
        yield _member(sync, dict(row), contact, str(refusal) if refusal else None)


def _member(sync: Sync, values: dict[str, Any], contact: Contact | None, refusal: str | None) -> Member:
    payload: dict[str, Any] = {}
    if refusal is None:
        personal = {name: getattr(contact, name) for name in sync.personal_fields} if contact else {}
        try:
            payload = payload_of(sync.fields, {**values, **personal})
        except RejectedRecordError as error:
            refusal = str(error)
    return Member(values["customer_id"], payload, refusal, values["model_run_id"])


def _target(merchant_id: str, sync: Sync, audience: Audience, destination: Destination, key: str) -> Target:
    if (sync.audience, sync.destination) != (audience.name, destination.name):
        raise ValueError(
            f"the sync is of audience '{sync.audience}' with '{sync.destination}', and was given audience "
            f"'{audience.name}' and destination '{destination.name}'"
        )
    require_consent(sync, key)
    return Target(merchant_id, destination.name, audience.name, destination.is_idempotent, sync.consent)


def _refuse_replay(target: Target, planned: PlannedSync) -> None:
    latest = planned.latest_sent_date
    if latest is not None and (planned.as_of_date is None or planned.as_of_date < latest):
        raise StopError(
            f"marts.customer_360 describes {planned.as_of_date}, and destination '{target.destination}' was already "
            f"sent audience '{target.audience}' as of {latest}; a replay of an earlier day messages no one. Preview it "
            "instead."
        )
