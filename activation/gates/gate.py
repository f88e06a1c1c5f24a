"""The protocol of a gate: it says of each action, in the transaction that claims it, whether it may be sent now.

Fails closed: what no gate has allowed is refused. Must not send anything, and writes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import sqlalchemy as sa

from activation.actions import Action, Target
from connectors.destination import Operation

NO_ANSWER = "a gate said nothing about it"


@dataclass(frozen=True)
class Allowed:
    """It may be sent now."""


@dataclass(frozen=True)
class Refused:
    """It is not sent; the ledger keeps the reason, which holds no personal data."""

    reason: str


@dataclass(frozen=True)
class Postponed:
    """It is asked about again by a run at or after `until`."""

    until: datetime
    reason: str


Answer = Allowed | Refused | Postponed
ALLOWED = Allowed()


class Gate(Protocol):
    """Decides about actions as the warehouse is at the moment."""

    def answers(
        self, connection: sa.Connection, target: Target, actions: Sequence[Action], *, asked_at: datetime
    ) -> Mapping[str, Answer]:
        """An answer for each action, by its key; an action without one is refused.

        Args:
            connection: In the transaction that will claim what is allowed. A gate whose answer depends on what others
                send at the same moment takes a lock in it.
            target: The audience or the campaign, and the destination.
            actions: What is about to be sent; never a removal, which nothing keeps back.
            asked_at: Now, in UTC.
        """
        ...


def decisions(
    gates: Sequence[Gate], connection: sa.Connection, target: Target, actions: Sequence[Action], *, asked_at: datetime
) -> dict[str, Refused | Postponed]:
    """What the gates keep back, by action key; each gate is asked about what the ones before it allowed."""
    kept_back: dict[str, Refused | Postponed] = {}
    for gate in gates:
        asked = [a for a in actions if a.operation is not Operation.REMOVE and a.action_key not in kept_back]
        if not asked:
            break
        answers = gate.answers(connection, target, asked, asked_at=asked_at)
        for action in asked:
            answer = answers.get(action.action_key, Refused(NO_ANSWER))
            if not isinstance(answer, Allowed):
                kept_back[action.action_key] = answer
    return kept_back
