"""Reading back: asks a destination what became of the deliveries whose answers were lost, before anything is planned.

Only a destination that can tell is asked; what it cannot tell stays for a person. Nothing is sent here.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
import structlog

from activation import ledger
from activation.actions import LedgerOutcome, Target
from activation.locks import HeldLock
from activation.sent_fields import note_taken
from connectors.destination import Delivery, DeliveryResult, Destination, Operation, Outcome, ReadsBack
from models.activation import deliveries

_log = structlog.get_logger(__name__)

NOT_TAKEN = "read back: it was not taken"
_TOLD = (Outcome.ACCEPTED, Outcome.RETRY)


def read_back(
    lock: HeldLock,
    engine: sa.Engine,
    target: Target,
    destination: Destination,
    *,
    asked_at: datetime,
    payloads: Mapping[str, dict[str, Any]] | None = None,
) -> Counter[Outcome]:
    """Ask about everything of a target that may have been sent, and record what the destination tells.

    Accepted closes it, retry opens it again; an answer that is missing or contradicts another leaves it as it is.

    Args:
        lock: The destination's; while it is held nobody else is sending, so what is claimed is what died.
        engine: The warehouse.
        target: The audience or the campaign, and the destination.
        destination: Who is asked; one that cannot be asked is not.
        asked_at: Now, in UTC.
        payloads: By action key, what would be sent today; empty for what is not among them.

    Returns:
        How many are known to have been taken, and how many not.
    """
    told: Counter[Outcome] = Counter()
    if not isinstance(destination, ReadsBack):
        return told
    with engine.begin() as connection:
        if not destination.is_idempotent:
            ledger.presume_sent(connection, target)
        rows = connection.execute(
            sa.select(deliveries)
            .where(ledger.scope(target), deliveries.c.outcome == LedgerOutcome.MAYBE_SENT)
            .order_by(deliveries.c.delivery_id)
        ).all()
    asked = [
        Delivery(
            action_key=row.action_key,
            merchant_id=row.merchant_id,
            audience=target.name,
            customer_id=row.customer_id,
            operation=Operation(row.operation),
            payload=(payloads or {}).get(row.action_key, {}),
        )
        for row in rows
    ]
    for start in range(0, len(asked), destination.batch_size):
        lock.require_held()
        known = _ask(destination, asked[start : start + destination.batch_size], asked_at)
        if known:
            with engine.begin() as connection:
                ledger.record(connection, target, known)
                note_taken(connection, target.merchant_id, [result.action_key for result in known])
        told.update(result.outcome for result in known)
    if asked:
        _log.info(
            "read_back",
            merchant_id=target.merchant_id,
            destination=target.destination,
            asked_count=len(asked),
            outcomes={outcome.value: count for outcome, count in told.items()},
        )
    return told


def _ask(destination: ReadsBack, batch: list[Delivery], asked_at: datetime) -> list[DeliveryResult]:
    answers: dict[str, list[DeliveryResult]] = {}
    try:
        for result in destination.read_back(batch, asked_at=asked_at):
            answers.setdefault(result.action_key, []).append(result)
    # Whatever goes wrong on the way, nothing is known better than before; sending goes on without it.
    except Exception as error:  # noqa: BLE001 - see above
        _log.warning("read_back_failed", error=type(error).__name__)
        return []
    known: list[DeliveryResult] = []
    for delivery in batch:
        given = answers.get(delivery.action_key, [])
        if len({answer.outcome for answer in given}) == 1 and given[0].outcome in _TOLD:
            is_taken = given[0].outcome is Outcome.ACCEPTED
            known.append(
                DeliveryResult(
                    delivery.action_key,
                    given[0].outcome,
                    reason=None if is_taken else NOT_TAKEN,
                    provider_reference=given[0].provider_reference if is_taken else None,
                    provider=given[0].provider if is_taken else None,
                )
            )
    return known
