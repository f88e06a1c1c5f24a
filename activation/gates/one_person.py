"""One person, one message: who turned out to be one person is not written to under each of their ids.

Enrolments are made by the ids of their night, and people are merged between an enrolment and its message. Of one who
was held out under one id, everything is held out.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from activation.actions import Action, LedgerOutcome, Target
from activation.arrays import among
from activation.experiments.assignment import HOLDOUT
from activation.gates.enrolment import HELD_OUT
from activation.gates.gate import ALLOWED, Answer, Refused
from activation.locks import lock_key
from models.activation import deliveries
from models.campaigns import campaign_enrolments
from models.identity import people_of

HAD_IT = "they had this message under another id of theirs"


@dataclass(frozen=True)
class _Had:
    customer_id: str
    step: str
    period: str
    at: datetime


class OncePerPerson:
    """Refuses what a person had, or was held out of, under another of their ids.

    Args:
        cooldown_days: How long nobody takes part again, whatever it is about.
    """

    def __init__(self, cooldown_days: int) -> None:
        self._cooldown = timedelta(days=cooldown_days)

    def answers(
        self, connection: sa.Connection, target: Target, actions: Sequence[Action], *, asked_at: datetime
    ) -> Mapping[str, Answer]:
        """Refusals of people with several ids; in one claim, the first message of a person comes first."""
        answers: dict[str, Answer] = {action.action_key: ALLOWED for action in actions}
        people = people_of(connection, target.merchant_id, [action.customer_id for action in actions])
        ids: dict[str, list[str]] = defaultdict(list)
        for customer_id, person in people.items():
            ids[person].append(customer_id)
        several = sorted(one for theirs in ids.values() if len(theirs) > 1 for one in theirs)
        if not several:
            return answers
        # Held until the claim is made: another batch's claim at this moment must see ours, or be seen.
        connection.execute(
            sa.select(sa.func.pg_advisory_xact_lock(lock_key("person", target.merchant_id, target.campaign or "")))
        )
        held_out = {people[one] for one in _held_out(connection, target, several, asked_at)}
        had: dict[str, list[_Had]] = defaultdict(list)
        for one in _had(connection, target, several, besides=list(answers)):
            had[people[one.customer_id]].append(one)
        for action in actions:
            person, occasion = people[action.customer_id], action.occasion
            step, period = (occasion.step, occasion.period) if occasion else ("", "")
            if person in held_out:
                answers[action.action_key] = Refused(HELD_OUT)
            elif any(
                one.customer_id != action.customer_id
                and one.step == step
                and (one.period == period or one.at > asked_at - self._cooldown)
                for one in had[person]
            ):
                answers[action.action_key] = Refused(HAD_IT)
            else:
                had[person].append(_Had(action.customer_id, step, period, asked_at))
        return answers


def _held_out(
    connection: sa.Connection, target: Target, customer_ids: Collection[str], asked_at: datetime
) -> Sequence[str]:
    """Those of the ids whose outcome is being measured without a message."""
    table = campaign_enrolments
    rows = connection.execute(
        sa.select(table.c.customer_id, table.c.enrolled_at, table.c.window_days).where(
            table.c.merchant_id == target.merchant_id,
            table.c.campaign == target.campaign,
            table.c.arm == HOLDOUT,
            table.c.refusal.is_(None),
            among(table.c.customer_id, customer_ids),
        )
    )
    return [row.customer_id for row in rows if row.enrolled_at + timedelta(days=row.window_days) > asked_at]


def _had(
    connection: sa.Connection, target: Target, customer_ids: Collection[str], *, besides: Collection[str]
) -> list[_Had]:
    """What was sent under some ids, may have been, or is still on its way after an attempt."""
    table = deliveries
    on_its_way = (LedgerOutcome.ACCEPTED, LedgerOutcome.MAYBE_SENT, LedgerOutcome.RESERVED, LedgerOutcome.RETRY)
    rows = connection.execute(
        sa.select(table.c.customer_id, table.c.step, table.c.period, table.c.attempted_at).where(
            table.c.merchant_id == target.merchant_id,
            table.c.campaign == target.campaign,
            table.c.attempted_at.is_not(None),
            table.c.outcome.in_(on_its_way),
            among(table.c.customer_id, customer_ids),
            sa.not_(among(table.c.action_key, besides)),
        )
    )
    return [_Had(row.customer_id, row.step, row.period, row.attempted_at) for row in rows]
