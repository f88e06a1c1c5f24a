"""Rendering: what an action sends, made just before it is sent, from the data of that moment.

What waits in the ledger holds no payload: it is rendered anew when a run takes it up again, so that nothing old is ever
sent over something newer. Must not decide whether an action may be sent; that is the gates' to say.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

import sqlalchemy as sa

from activation.actions import Action
from activation.gates.gate import Refused
from activation.payloads import digest

NOT_RENDERED = "nothing was rendered for it"
NOT_JSON = "what was rendered for it has no JSON form"


class Render(Protocol):
    """Makes the payloads of actions that the gates have allowed."""

    def __call__(
        self, connection: sa.Connection, actions: Sequence[Action], *, rendered_at: datetime
    ) -> Mapping[str, dict[str, Any] | Refused]:
        """A payload, or why there is nothing to send any more, for each action by its key.

        Args:
            connection: In the transaction that claims the actions; it sees the data of now.
            actions: With their occasion and their facts.
            rendered_at: Now, in UTC.
        """
        ...


def rendered(
    render: Render | None, connection: sa.Connection, actions: Sequence[Action], *, rendered_at: datetime
) -> tuple[list[Action], dict[str, Refused]]:
    """The actions with their payloads, and why the others have none.

    One that holds its payload keeps it: within a run, a repeated attempt sends the same bytes.
    """
    missing = [action for action in actions if not action.is_rendered]
    payloads = render(connection, missing, rendered_at=rendered_at) if missing and render is not None else {}
    ready: list[Action] = []
    refused: dict[str, Refused] = {}
    for action in actions:
        if action.is_rendered:
            ready.append(action)
            continue
        payload = payloads.get(action.action_key, Refused(NOT_RENDERED))
        if isinstance(payload, Refused):
            refused[action.action_key] = payload
            continue
        try:
            ready.append(replace(action, payload=payload, payload_hash=digest(payload)))
        except (TypeError, ValueError):
            refused[action.action_key] = Refused(NOT_JSON)
    return ready, refused
