"""The holdout, asked once more: only who was enrolled in the message's arm before, and lately, is written to."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from activation.actions import RELEASED_AT, Action, Target
from activation.arrays import among
from activation.experiments.assignment import HOLDOUT
from activation.gates.gate import ALLOWED, Answer, Refused
from models.campaigns import campaign_enrolments

NOT_ENROLLED = "they are not enrolled in the campaign"
HELD_OUT = "they are held out of the campaign"


class Enrolled:
    """Refuses whoever is held out, was never enrolled, or was enrolled too long ago.

    Args:
        valid_days: How many days after the enrolment a message may still be sent; or after a person let it be sent
            again, who knew how old it was.
    """

    def __init__(self, valid_days: int) -> None:
        self._valid = timedelta(days=valid_days)

    def answers(
        self, connection: sa.Connection, target: Target, actions: Sequence[Action], *, asked_at: datetime
    ) -> Mapping[str, Answer]:
        """Refusals by arm and age of the enrolment."""
        table = campaign_enrolments
        found = {
            (row.customer_id, row.period): row
            for row in connection.execute(
                sa.select(table.c.customer_id, table.c.period, table.c.arm, table.c.refusal, table.c.enrolled_at).where(
                    table.c.merchant_id == target.merchant_id,
                    table.c.campaign == target.campaign,
                    among(table.c.customer_id, [action.customer_id for action in actions]),
                )
            )
        }
        answers: dict[str, Answer] = {}
        for action in actions:
            row = found.get((action.customer_id, action.occasion.period if action.occasion else ""))
            answers[action.action_key] = ALLOWED
            if row is None or row.refusal is not None:
                answers[action.action_key] = Refused(NOT_ENROLLED)
            elif row.arm == HOLDOUT:
                answers[action.action_key] = Refused(HELD_OUT)
            elif asked_at - max(row.enrolled_at, _released_at(action) or row.enrolled_at) > self._valid:
                answers[action.action_key] = Refused(f"the occasion was more than {self._valid.days} days ago")
        return answers


def _released_at(action: Action) -> datetime | None:
    released_at = action.facts.get(RELEASED_AT)
    return None if released_at is None else datetime.fromisoformat(released_at)
