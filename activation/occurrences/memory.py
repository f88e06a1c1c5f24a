"""What the ledger remembers of a campaign, read for planning."""

from collections.abc import Collection

import sqlalchemy as sa

from activation.actions import OPEN, LedgerOutcome, Occasion, Target
from activation.arrays import among
from activation.ledger import entry_of, scope
from activation.occurrences.planning import OccurrenceMemory, OpenOccurrence
from models.activation import deliveries


def read_occurrences(connection: sa.Connection, target: Target, keys: Collection[str]) -> OccurrenceMemory:
    """What is known of the wanted occurrences, and what of the campaign is still on its way.

    Args:
        connection: In the transaction that is planned from.
        target: The campaign and the destination.
        keys: The wanted occurrences' keys.
    """
    table = deliveries
    known = connection.execute(
        sa.select(table.c.action_key).where(table.c.merchant_id == target.merchant_id, among(table.c.action_key, keys))
    ).scalars()
    position = connection.execute(sa.select(sa.func.max(table.c.delivery_id)).where(scope(target))).scalar_one()
    rows = connection.execute(
        sa.select(table).where(
            table.c.merchant_id == target.merchant_id,
            table.c.campaign == target.campaign,
            table.c.outcome.in_((*OPEN, LedgerOutcome.MAYBE_SENT, LedgerOutcome.DEAD)),
        )
    )
    waiting = tuple(
        OpenOccurrence(
            entry=entry_of(row),
            destination=row.destination,
            occasion=Occasion(row.arm, row.step, row.period),
            facts=row.details or {},
            model_run_id=row.model_run_id,
        )
        for row in rows
    )
    return OccurrenceMemory(frozenset(known), waiting, position or 0)
