"""Sends a campaign's occurrences: reads back what is in doubt, plans, and delivers, alone with the destination.

Must not decide whom a campaign is about; that is the caller's, and the gates'.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from activation.actions import LedgerOutcome, Plan, Target
from activation.delivery import DeliveryReport, Pace, deliver_under, lock_parts
from activation.gates.gate import Gate
from activation.locks import exclusive
from activation.occurrences.memory import read_occurrences
from activation.occurrences.planning import Occurrence, occurrence_key, plan_occurrences
from activation.publishing import publishable_date
from activation.reading_back import read_back
from activation.rendering import Render, rendered
from connectors.destination import Destination, Operation
from models.activation import deliveries
from models.errors import StopError


def send_occurrences(
    engine: sa.Engine,
    *,
    target: Target,
    wanted: Sequence[Occurrence],
    destination: Destination,
    active_since: datetime,
    render: Render,
    gates: Sequence[Gate],
    run_id: str,
    pace: Pace,
    facts: Mapping[str, Any] | None = None,
) -> DeliveryReport:
    """Let each wanted occurrence happen once, and finish what earlier runs began.

    Args:
        engine: The warehouse; two connections of its pool are used.
        target: The campaign and the destination.
        wanted: What shall happen; what has happened already, or was refused, may be among it and is left alone.
        destination: Where to.
        active_since: When the campaign was activated; what occurred before it is history, and messages no one.
        render: Makes payloads just before they are sent, and says what is not to be sent any more.
        gates: What is asked before every attempt, in this order, after the target's consent.
        run_id: The run, for the ledger.
        pace: Clock, waits and patience.
        facts: What the ledger keeps beside each occurrence; never payload values.

    Raises:
        StopError: The merchant is withheld or has no customers, or the destination does not take what happens once.
        RetryLaterError: Another process is at work on the destination, or the warehouse went away.
    """
    if Operation.SEND not in destination.operations:
        raise StopError(f"destination '{destination.name}' keeps audiences in step and sends no messages")
    with exclusive(engine, *lock_parts(target)) as lock:
        told = _payloads_in_doubt(engine, target, destination, render, pace.clock())
        read_back(lock, engine, target, destination, asked_at=pace.clock(), payloads=told)
        plan, as_of_date = plan_campaign(engine, target=target, wanted=wanted, active_since=active_since)
        day = {} if as_of_date is None else {"as_of_date": as_of_date.isoformat()}
        return deliver_under(
            lock,
            engine,
            plan,
            destination,
            run_id=run_id,
            pace=pace,
            facts={**day, **(facts or {})},
            gates=gates,
            render=render,
        )


def plan_campaign(
    engine: sa.Engine, *, target: Target, wanted: Sequence[Occurrence], active_since: datetime
) -> tuple[Plan, date | None]:
    """What `send_occurrences` would send now, and the day that the merchant's customers describe; writes nothing.

    Raises:
        StopError: The merchant is withheld or has no customers.
    """
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection, connection.begin():
        as_of_date = publishable_date(connection, target.merchant_id)
        latest = connection.execute(
            sa.select(sa.func.max(deliveries.c.details["as_of_date"].astext)).where(
                deliveries.c.merchant_id == target.merchant_id, deliveries.c.campaign == target.campaign
            )
        ).scalar_one()
        is_replay = latest is not None and (as_of_date is None or as_of_date < date.fromisoformat(latest))
        keys = [occurrence_key(target, one.customer_id, one.occasion) for one in wanted]
        memory = read_occurrences(connection, target, keys)
    return plan_occurrences(target, wanted, memory, active_since=active_since, is_replay=is_replay), as_of_date


def _payloads_in_doubt(
    engine: sa.Engine, target: Target, destination: Destination, render: Render, now: datetime
) -> dict[str, dict[str, Any]]:
    """What would be sent today of what may have been sent, for a destination that finds it by more than its key."""
    with engine.begin() as connection:
        in_doubt = [
            waiting.action
            for waiting in read_occurrences(connection, target, ()).waiting
            if waiting.destination == target.destination
            and (
                waiting.entry.outcome is LedgerOutcome.MAYBE_SENT
                or (waiting.entry.outcome is LedgerOutcome.RESERVED and waiting.entry.attempt_count > 0)
            )
        ]
        if not in_doubt or destination.is_idempotent:
            return {}
        ready, _ = rendered(render, connection, in_doubt, rendered_at=now)
    return {action.action_key: action.payload for action in ready}
