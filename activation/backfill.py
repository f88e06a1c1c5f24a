"""Backfill: what a destination holds by another way is written down as known, and nobody is sent anything.

Must not send: it is given no destination.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from activation import ledger
from activation.actions import Cause, Plan
from activation.sent_fields import remember
from connectors.destination import DeliveryResult, Operation, Outcome

KNOWN = "backfill: known without being sent"


def adopt(engine: sa.Engine, plan: Plan, *, run_id: str, known_at: datetime, facts: Mapping[str, Any]) -> Plan:
    """Enter what a plan would send as accepted, in one transaction; removals and open actions are left out.

    Args:
        engine: The warehouse.
        plan: The plan, made from the ledger as it is now, by the holder of the destination's lock.
        run_id: For the ledger.
        known_at: Now, in UTC.
        facts: What the ledger keeps beside each action; never payload values.

    Returns:
        What was entered.

    Raises:
        RetryLaterError: The ledger has changed since the plan was made.
    """
    actions = tuple(
        replace(action, cause=Cause.KNOWN)
        for action in plan.actions
        if action.operation is not Operation.REMOVE and action.cause is Cause.ENTERED and not action.attempt_count
    )
    adopted = replace(plan, actions=actions, withholdings=(), superseded=(), presumed_sent=())
    with engine.begin() as connection:
        ledger.reserve(connection, adopted, run_id=run_id, reserved_at=known_at, facts=facts)
        known = [DeliveryResult(action.action_key, Outcome.ACCEPTED, KNOWN) for action in actions]
        ledger.record(connection, plan.target, known)
        remember(connection, plan.target, actions)
    return adopted
