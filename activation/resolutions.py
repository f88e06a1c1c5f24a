"""Resolutions: what a person decides about actions that the ledger must not decide alone.

Must not send anything: a resolution says what the next run shall take for true.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from activation.actions import NOT_TAKEN, RELEASED_AT, LedgerEntry, LedgerOutcome
from activation.ledger import entry_of
from activation.sent_fields import note_taken
from models.activation import deliveries
from models.errors import StopError
from models.schema import Json


def maybe_sent(connection: sa.Connection, merchant_id: str) -> list[LedgerEntry]:
    """The merchant's actions that wait for a person: they may have been taken, and must not be sent twice."""
    rows = connection.execute(
        sa.select(deliveries)
        .where(deliveries.c.merchant_id == merchant_id, deliveries.c.outcome == LedgerOutcome.MAYBE_SENT)
        .order_by(deliveries.c.delivery_id)
    )
    return [entry_of(row) for row in rows]


def resolve_maybe_sent(
    connection: sa.Connection, *, merchant_id: str, delivery_id: int, was_taken: bool, resolved_at: datetime
) -> None:
    """Record a person's word on an action whose answer was lost: taken, or to be sent again.

    Args:
        connection: The warehouse.
        merchant_id: The tenant.
        delivery_id: The action's row in `activation.deliveries`.
        was_taken: True when the destination has it; False when it has not, and the next run shall send it.
        resolved_at: Now, in UTC.

    Raises:
        StopError: The merchant has no such action that waits to be resolved.
    """
    outcome = LedgerOutcome.ACCEPTED if was_taken else LedgerOutcome.RETRY
    details = _with({"resolved_as": outcome.value, "resolved_at": resolved_at.isoformat()})
    if not was_taken:
        details = details.op("||")(sa.literal({RELEASED_AT: resolved_at.isoformat()}, Json))
        details = details.op("||")(sa.func.jsonb_build_object(NOT_TAKEN, deliveries.c.attempt_count))
    changed = connection.execute(
        sa.update(deliveries)
        .where(
            deliveries.c.merchant_id == merchant_id,
            deliveries.c.delivery_id == delivery_id,
            deliveries.c.outcome == LedgerOutcome.MAYBE_SENT,
        )
        .values(outcome=outcome, reason=None, retry_at=None, details=details)
        .returning(deliveries.c.action_key)
    ).scalar_one_or_none()
    if changed is None:
        raise StopError(f"merchant '{merchant_id}' has no delivery {delivery_id} that waits to be resolved")
    note_taken(connection, merchant_id, [changed])


def release_rejected(
    connection: sa.Connection,
    *,
    merchant_id: str,
    released_at: datetime,
    destination: str | None = None,
    customer_ids: Collection[str] | None = None,
    delivery_ids: Collection[int] = (),
    besides: Collection[str] = (),
) -> int:
    """Let rejected actions be sent again, after their cause was removed at the destination.

    Args:
        connection: The warehouse.
        merchant_id: The tenant.
        released_at: Now, in UTC.
        destination: The destination's name; None for all.
        customer_ids: Only these customers' actions; None for all.
        delivery_ids: Only these; none for all.
        besides: Campaigns whose actions stay as they are.

    Returns:
        How many actions the next run will send, unless something else is to be said of the customer by then.
    """
    meant = _meant(merchant_id, LedgerOutcome.REJECTED, destination, delivery_ids, besides)
    if customer_ids is not None:
        meant = sa.and_(meant, deliveries.c.customer_id.in_(list(customer_ids)))
    return _release(connection, meant, released_at)


def replay_dead(
    connection: sa.Connection,
    *,
    merchant_id: str,
    released_at: datetime,
    destination: str | None = None,
    delivery_ids: Collection[int] = (),
    besides: Collection[str] = (),
) -> int:
    """Let actions that were tried in vain too often be tried again.

    The next run sends what is so by then, rendered anew; what has been overtaken by something newer is not sent at all.

    Args:
        connection: The warehouse.
        merchant_id: The tenant.
        released_at: Now, in UTC.
        destination: Only what goes there; None for all.
        delivery_ids: Only these; none for all.
        besides: Campaigns whose actions stay as they are.

    Returns:
        How many there are.
    """
    meant = _meant(merchant_id, LedgerOutcome.DEAD, destination, delivery_ids, besides)
    return _release(connection, meant, released_at)


def waiting_campaigns(
    connection: sa.Connection,
    *,
    merchant_id: str,
    outcomes: Collection[LedgerOutcome],
    destination: str | None = None,
    delivery_ids: Collection[int] = (),
) -> dict[str, int]:
    """How many actions of each campaign have one of some outcomes."""
    meant = sa.or_(*(_meant(merchant_id, outcome, destination, delivery_ids, ()) for outcome in outcomes))
    statement = (
        sa.select(deliveries.c.campaign, sa.func.count().label("action_count"))
        .where(meant, deliveries.c.campaign.is_not(None))
        .group_by(deliveries.c.campaign)
        .order_by(deliveries.c.campaign)
    )
    return {row.campaign: row.action_count for row in connection.execute(statement)}


def _meant(
    merchant_id: str,
    outcome: LedgerOutcome,
    destination: str | None,
    delivery_ids: Collection[int],
    besides: Collection[str],
) -> sa.ColumnElement[bool]:
    meant = sa.and_(deliveries.c.merchant_id == merchant_id, deliveries.c.outcome == outcome)
    if destination is not None:
        meant = sa.and_(meant, deliveries.c.destination == destination)
    if delivery_ids:
        meant = sa.and_(meant, deliveries.c.delivery_id.in_(list(delivery_ids)))
    if besides:
        is_of_others = sa.or_(deliveries.c.campaign.is_(None), deliveries.c.campaign.not_in(list(besides)))
        meant = sa.and_(meant, is_of_others)
    return meant


def _release(connection: sa.Connection, meant: sa.ColumnElement[bool], released_at: datetime) -> int:
    again = {"outcome": LedgerOutcome.RETRY, "retry_at": None, "failed_run_count": 0, "failed_run_id": None}
    details = _with({RELEASED_AT: released_at.isoformat()})
    return connection.execute(sa.update(deliveries).where(meant).values(**again, details=details)).rowcount


def waiting_for_a_person(
    connection: sa.Connection,
    merchant_ids: Collection[str],
    *,
    outcomes: Collection[LedgerOutcome],
    destination: str | None = None,
    limit: int = 100,
) -> list[sa.Row[Any]]:
    """The newest rows of the ledger with some outcomes."""
    statement = sa.select(deliveries).where(
        deliveries.c.merchant_id.in_(list(merchant_ids)), deliveries.c.outcome.in_([o.value for o in outcomes])
    )
    if destination is not None:
        statement = statement.where(deliveries.c.destination == destination)
    return list(connection.execute(statement.order_by(deliveries.c.delivery_id.desc()).limit(limit)))


def _with(facts: Mapping[str, Any]) -> sa.ColumnElement[Any]:
    return sa.func.coalesce(deliveries.c.details, sa.literal({}, Json)).op("||")(sa.literal(dict(facts), Json))
