"""Frequency caps: no customer gets more than so many messages within so many days, over all campaigns.

Counts what the ledger says was sent, may have been sent, or is being sent, under whichever of a person's ids; a
discount code or a profile's update is no message and carries no channel.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from activation.actions import Action, LedgerOutcome, Target
from activation.arrays import among
from activation.gates.gate import ALLOWED, Answer, Refused
from activation.locks import lock_key
from models.activation import deliveries
from models.identity import people_of

CHANNEL_FACT = "channel"
"""What a message's facts hold, so that it counts."""


class FrequencyCapGate:
    """Refuses the message that would be one too many.

    Args:
        messages: At most so many.
        days: Within so many days up to now.
    """

    def __init__(self, messages: int, days: int) -> None:
        self._messages, self._days = messages, days

    @property
    def reason(self) -> str:
        """Why, in the ledger's words."""
        return f"they had {self._messages} messages within {self._days} days"

    def answers(
        self, connection: sa.Connection, target: Target, actions: Sequence[Action], *, asked_at: datetime
    ) -> Mapping[str, Answer]:
        """Refusals by what was sent lately; in one claim, the first messages of a customer come first."""
        # Held until the claim is made: another campaign's claim at this moment must see ours, or be seen.
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(lock_key("frequency", target.merchant_id))))
        people = people_of(connection, target.merchant_id, [action.customer_id for action in actions])
        ids = sorted(people)
        since = asked_at - timedelta(days=self._days)
        own = [action.action_key for action in actions]
        sent: Counter[str] = Counter()
        for customer_id, count in messages_since(connection, target.merchant_id, ids, since, besides=own).items():
            sent[people[customer_id]] += count
        answers: dict[str, Answer] = {}
        for action in actions:
            person = people[action.customer_id]
            if sent[person] >= self._messages:
                answers[action.action_key] = Refused(self.reason)
            else:
                answers[action.action_key] = ALLOWED
                sent[person] += 1
        return answers


def messages_since(
    connection: sa.Connection,
    merchant_id: str,
    customer_ids: Sequence[str],
    since: datetime,
    *,
    besides: Sequence[str] = (),
) -> Mapping[str, int]:
    """How many messages customers had, or may have had, since a time, besides those of some action keys."""
    table = deliveries
    counted = connection.execute(
        sa.select(table.c.customer_id, sa.func.count().label("messages"))
        .where(
            table.c.merchant_id == merchant_id,
            table.c.campaign.is_not(None),
            table.c.details[CHANNEL_FACT].astext.is_not(None),
            table.c.attempted_at > since,
            # One that was reserved and attempted is being sent, or its sender died while sending it.
            table.c.outcome.in_((LedgerOutcome.ACCEPTED, LedgerOutcome.MAYBE_SENT, LedgerOutcome.RESERVED)),
            among(table.c.customer_id, customer_ids),
            sa.not_(among(table.c.action_key, besides)),
        )
        .group_by(table.c.customer_id)
    )
    return {row.customer_id: row.messages for row in counted}
