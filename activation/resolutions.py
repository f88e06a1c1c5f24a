"""Resolutions: what a person decides about actions that the ledger must not decide alone.

Must not send anything: a resolution says what the next run shall take for true.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from activation.actions import NOT_TAKEN, LedgerEntry, LedgerOutcome
from connectors.destination import Operation
from models.activation import deliveries
from models.errors import StopError
from models.schema import Json


def maybe_sent(connection: sa.Connection, merchant_id: str) -> list[LedgerEntry]:
    """The merchant's actions that wait for a person: they may have been taken, and must not be sent twice."""
    columns = [deliveries.c[name] for name in LedgerEntry.__dataclass_fields__]
    rows = connection.execute(
        sa.select(*columns)
        .where(deliveries.c.merchant_id == merchant_id, deliveries.c.outcome == LedgerOutcome.MAYBE_SENT)
        .order_by(deliveries.c.delivery_id)
    ).mappings()
    return [
        LedgerEntry(
            **{**row, "operation": Operation(row["operation"]), "outcome": LedgerOutcome(row["outcome"])},
        )
        for row in rows
    ]


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
        details = details.op("||")(sa.func.jsonb_build_object(NOT_TAKEN, deliveries.c.attempt_count))
    changed = connection.execute(
        sa.update(deliveries)
        .where(
            deliveries.c.merchant_id == merchant_id,
            deliveries.c.delivery_id == delivery_id,
            deliveries.c.outcome == LedgerOutcome.MAYBE_SENT,
        )
        .values(outcome=outcome, reason=None, retry_at=None, details=details)
    ).rowcount
    if not changed:
        raise StopError(f"merchant '{merchant_id}' has no delivery {delivery_id} that waits to be resolved")


def release_rejected(
    connection: sa.Connection,
    *,
    merchant_id: str,
    destination: str | None,
    customer_ids: Collection[str] | None = None,
    delivery_ids: Collection[int] = (),
) -> int:
    """Let rejected actions be sent again, after their cause was removed at the destination.

    Args:
        connection: The warehouse.
        merchant_id: The tenant.
        destination: The destination's name; None for all.
        customer_ids: Only these customers' actions; None for all.
        delivery_ids: Only these; none for all.

    Returns:
        How many actions the next run will send, unless something else is to be said of the customer by then.
    """
    statement = sa.update(deliveries).where(
        deliveries.c.merchant_id == merchant_id, deliveries.c.outcome == LedgerOutcome.REJECTED
    )
    if destination is not None:
        statement = statement.where(deliveries.c.destination == destination)
    if delivery_ids:
        statement = statement.where(deliveries.c.delivery_id.in_(list(delivery_ids)))
    if customer_ids is not None:
        statement = statement.where(deliveries.c.customer_id.in_(list(customer_ids)))
    return connection.execute(statement.values(outcome=LedgerOutcome.RETRY, retry_at=None)).rowcount


def replay_dead(
    connection: sa.Connection, *, merchant_id: str, destination: str | None = None, delivery_ids: Collection[int] = ()
) -> int:
    """Let actions that were tried in vain too often be tried again.

    The next run sends what is so by then, rendered anew; what has been overtaken by something newer is not sent at all.

    Args:
        connection: The warehouse.
        merchant_id: The tenant.
        destination: Only what goes there; None for all.
        delivery_ids: Only these; none for all.

    Returns:
        How many there are.
    """
    statement = sa.update(deliveries).where(
        deliveries.c.merchant_id == merchant_id, deliveries.c.outcome == LedgerOutcome.DEAD
    )
    if destination is not None:
        statement = statement.where(deliveries.c.destination == destination)
    if delivery_ids:
        statement = statement.where(deliveries.c.delivery_id.in_(list(delivery_ids)))
    again = {"outcome": LedgerOutcome.RETRY, "failed_run_count": 0, "failed_run_id": None, "retry_at": None}
    return connection.execute(statement.values(again)).rowcount


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
