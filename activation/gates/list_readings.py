"""Whether the mail providers' own lists could be read: while one could not, nobody is written to.

Who complained or unsubscribed at a provider stands on its list alone until it is read. What waits is asked about again
by the next run. Must not read a provider.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from activation.actions import Action, Target
from activation.gates.gate import ALLOWED, Answer, Postponed
from models.campaigns import list_readings


def note_reading(
    connection: sa.Connection, merchant_id: str, destination: str, *, asked_at: datetime, was_read: bool
) -> None:
    """Keep whether a provider's list could be read for a merchant just now."""
    values = {"failed_at": None if was_read else asked_at, **({"read_at": asked_at} if was_read else {})}
    key = {"merchant_id": merchant_id, "destination": destination}
    connection.execute(
        insert(list_readings).values(key | values).on_conflict_do_update(index_elements=list(key), set_=values)
    )


def read_times(connection: sa.Connection, merchant_id: str) -> dict[str, datetime | None]:
    """When each list that was ever asked for was read last; None for one that never was."""
    table = list_readings
    rows = connection.execute(sa.select(table.c.destination, table.c.read_at).where(table.c.merchant_id == merchant_id))
    return {row.destination: row.read_at for row in rows}


def unread(connection: sa.Connection, merchant_id: str, destinations: Collection[str]) -> list[str]:
    """Those of some destinations whose list could not be read the last time, or never was."""
    table = list_readings
    read = connection.execute(
        sa.select(table.c.destination).where(table.c.merchant_id == merchant_id, table.c.failed_at.is_(None))
    ).scalars()
    return sorted(set(destinations) - set(read))


class ListsAreRead:
    """Lets every message wait while a provider's list could not be read.

    Args:
        destinations: The providers that keep a list.
    """

    def __init__(self, destinations: Collection[str]) -> None:
        self._destinations = frozenset(destinations)

    def answers(
        self, connection: sa.Connection, target: Target, actions: Sequence[Action], *, asked_at: datetime
    ) -> Mapping[str, Answer]:
        """Postponed to the next run where a list is missing."""
        missing = unread(connection, target.merchant_id, self._destinations)
        answer = Postponed(asked_at, f"the suppression list of {', '.join(missing)} could not be read")
        return dict.fromkeys((action.action_key for action in actions), answer if missing else ALLOWED)
