"""The ledger: what was sent, what became of it, and what is on its way; the memory that makes a repeat send nothing.

An action is reserved before it is sent and claimed before every attempt, each in a transaction of its own, so that a
process that dies at any point leaves behind what it was doing. Holds identifiers, digests and reasons; never a payload.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from activation.actions import CLOSED, OPEN, Action, LedgerEntry, LedgerMemory, LedgerOutcome, Plan, Target
from activation.arrays import among
from activation.arrays import rows as array_rows
from connectors.destination import DeliveryResult, Operation
from models.activation import deliveries
from models.errors import RetryLaterError
from models.schema import Timestamp

_DIED_SENDING = "the process died while sending it, and the destination would take it twice"


def entry_of(row: sa.Row[Any]) -> LedgerEntry:
    """A row with the columns of `activation.deliveries`, as far as planning needs it."""
    return LedgerEntry(
        delivery_id=row.delivery_id,
        customer_id=row.customer_id,
        operation=Operation(row.operation),
        action_key=row.action_key,
        payload_hash=row.payload_hash,
        outcome=LedgerOutcome(row.outcome),
        reason=row.reason,
        attempt_count=row.attempt_count,
        retry_at=row.retry_at,
    )


def read_memory(connection: sa.Connection, target: Target, only: Collection[str] | None = None) -> LedgerMemory:
    """What the ledger remembers of an audience at a destination; of those customers alone, where they are given."""
    table = deliveries
    customer_id = table.c.customer_id
    is_accepted = table.c.outcome == LedgerOutcome.ACCEPTED
    scoped = (
        sa.select(
            table,
            sa.func.max(table.c.delivery_id)
            .filter(is_accepted)
            .over(partition_by=customer_id)
            .label("last_accepted_id"),
            sa.func.max(table.c.delivery_id)
            .filter(is_accepted, table.c.operation != Operation.REMOVE)
            .over(partition_by=customer_id)
            .label("last_sent_id"),
            sa.func.count().filter(table.c.outcome.in_(CLOSED)).over(partition_by=customer_id).label("sequence"),
            sa.func.max(table.c.delivery_id).over().label("position"),
            sa.func.max(table.c.details["as_of_date"].astext).over().label("as_of_date"),
        )
        .where(scope(target), *([] if only is None else [among(customer_id, only)]))
        .cte("scoped")
    )
    rows = connection.execute(
        sa.select(scoped)
        .where(
            sa.or_(
                scoped.c.delivery_id >= sa.func.coalesce(scoped.c.last_accepted_id, 0),
                scoped.c.outcome.in_((*OPEN, LedgerOutcome.MAYBE_SENT, LedgerOutcome.DEAD)),
                sa.and_(
                    scoped.c.outcome == LedgerOutcome.WITHHELD,
                    scoped.c.delivery_id > sa.func.coalesce(scoped.c.last_sent_id, 0),
                ),
            )
        )
        .order_by(scoped.c.delivery_id)
    )
    entries: dict[str, list[LedgerEntry]] = {}
    sequences: dict[str, int] = {}
    position, as_of_date = 0, None
    for row in rows:
        entries.setdefault(row.customer_id, []).append(entry_of(row))
        sequences[row.customer_id] = row.sequence
        position, as_of_date = row.position, row.as_of_date
    if only is not None:
        highest = sa.select(sa.func.max(table.c.delivery_id)).where(scope(target))
        position = connection.execute(highest).scalar_one() or 0
    return LedgerMemory(entries, sequences, position, date.fromisoformat(as_of_date) if as_of_date else None)


def reserve(
    connection: sa.Connection, plan: Plan, *, run_id: str, reserved_at: datetime, facts: Mapping[str, Any]
) -> None:
    """Write a plan down before anything of it is sent; the caller's transaction makes it hold.

    Args:
        connection: The warehouse.
        plan: The plan.
        run_id: The run that carries it out.
        reserved_at: Now, in UTC.
        facts: What to keep beside each action, such as `as_of_date` and `rule_hash`; never payload values.

    Raises:
        RetryLaterError: The ledger has changed since the plan was made: it would send what is no longer so.
    """
    table = deliveries
    has_moved = sa.exists().where(scope(plan.target), table.c.delivery_id > plan.position)
    if connection.execute(sa.select(has_moved)).scalar_one():
        about = plan.target.in_words
        raise RetryLaterError(f"the ledger of {about} has changed since the plan was made; plan again")
    _close(connection, plan.presumed_sent, LedgerOutcome.MAYBE_SENT, _DIED_SENDING)
    _close(connection, plan.superseded, LedgerOutcome.SUPERSEDED, "another action took its place")
    actions = [
        {
            "customer_id": action.customer_id,
            "operation": action.operation.value,
            "action_key": action.action_key,
            "payload_hash": action.payload_hash,
            "outcome": LedgerOutcome.RESERVED.value,
            "reason": None,
            "model_run_id": action.model_run_id,
            "arm": action.occasion.arm if action.occasion else None,
            "step": action.occasion.step if action.occasion else None,
            "period": action.occasion.period if action.occasion else None,
            "details": {**facts, **action.facts, "cause": action.cause.value, "sequence": action.sequence},
        }
        for action in plan.actions
    ]
    withholdings = [
        {
            "customer_id": withholding.customer_id,
            "operation": Operation.UPSERT.value,
            "action_key": withholding.action_key,
            "payload_hash": withholding.payload_hash,
            "outcome": LedgerOutcome.WITHHELD.value,
            "reason": withholding.reason,
            "model_run_id": None,
            "details": {**facts, "sequence": withholding.sequence},
        }
        for withholding in plan.withholdings
    ]
    for rows in (actions, withholdings):
        if rows:
            _insert(connection, plan.target, rows, run_id=run_id, reserved_at=reserved_at)


def claim(
    connection: sa.Connection, target: Target, actions: Sequence[Action], *, run_id: str, attempted_at: datetime
) -> frozenset[str]:
    """Take actions for one attempt, so that no other process makes it.

    The claim says "being sent" until an outcome is recorded: found so by a later run, the sender died. What it says
    further, the destination and the digest of what is sent, is so of this attempt.

    Returns:
        The keys of the actions that are the caller's now. The others were taken, closed or resolved by someone else.
    """
    wanted = array_rows(
        "wanted",
        action_key=(sa.Text(), [action.action_key for action in actions]),
        attempt_count=(sa.Integer(), [action.attempt_count for action in actions]),
        payload_hash=(sa.Text(), [action.payload_hash for action in actions]),
    )
    claimed = connection.execute(
        sa.update(deliveries)
        .where(
            deliveries.c.merchant_id == target.merchant_id,
            deliveries.c.action_key == wanted.c.action_key,
            deliveries.c.attempt_count == wanted.c.attempt_count,
            deliveries.c.outcome.in_(OPEN),
        )
        .values(
            outcome=LedgerOutcome.RESERVED,
            destination=target.destination,
            payload_hash=wanted.c.payload_hash,
            attempt_count=deliveries.c.attempt_count + 1,
            attempted_at=attempted_at,
            run_id=run_id,
        )
        .returning(deliveries.c.action_key)
    )
    return frozenset(claimed.scalars())


def record(connection: sa.Connection, target: Target, results: Sequence[DeliveryResult]) -> None:
    """Write down what became of claimed actions; reasons must already be free of payload values."""
    known = array_rows(
        "known",
        action_key=(sa.Text(), [result.action_key for result in results]),
        outcome=(sa.Text(), [result.outcome.value for result in results]),
        reason=(sa.Text(), [result.reason for result in results]),
        provider_reference=(sa.Text(), [result.provider_reference for result in results]),
        retry_at=(Timestamp, [result.retry_at for result in results]),
        provider=(sa.Text(), [result.provider for result in results]),
    )
    connection.execute(
        sa.update(deliveries)
        .where(
            deliveries.c.merchant_id == target.merchant_id,
            deliveries.c.action_key == known.c.action_key,
            # An answer that comes late is still an answer, unless a person has decided without it.
            deliveries.c.outcome.in_((*OPEN, LedgerOutcome.MAYBE_SENT)),
        )
        .values({name: known.c[name] for name in ("outcome", "reason", "provider_reference", "retry_at", "provider")})
    )


def count_failed_run(
    connection: sa.Connection, target: Target, action_keys: Collection[str], *, run_id: str, most: int
) -> frozenset[str]:
    """Say of recorded actions that a run tried them in vain; a run whose steps are repeated counts once.

    Args:
        connection: In the transaction that recorded them.
        target: The audience or the campaign, and the destination.
        action_keys: The actions, each to be tried again.
        run_id: The run.
        most: After so many such runs an action is dead.

    Returns:
        The keys of those that are dead now.
    """
    if not action_keys:
        return frozenset()
    is_another = sa.case((deliveries.c.failed_run_id.is_distinct_from(run_id), 1), else_=0)
    count = deliveries.c.failed_run_count + is_another
    failed = connection.execute(
        sa.update(deliveries)
        .where(
            deliveries.c.merchant_id == target.merchant_id,
            among(deliveries.c.action_key, action_keys),
            deliveries.c.outcome == LedgerOutcome.RETRY,
        )
        .values(
            failed_run_count=count,
            failed_run_id=run_id,
            outcome=sa.case((count >= most, LedgerOutcome.DEAD.value), else_=deliveries.c.outcome),
        )
        .returning(deliveries.c.action_key, deliveries.c.outcome)
    )
    return frozenset(row.action_key for row in failed if row.outcome == LedgerOutcome.DEAD)


def withhold(connection: sa.Connection, target: Target, refusals: Mapping[str, str]) -> None:
    """Turn reserved actions into withheld ones: what they would send was refused at the last moment.

    Args:
        connection: The warehouse.
        target: The audience or the campaign, and the destination.
        refusals: Reasons by action key.
    """
    refused = array_rows(
        "refused", action_key=(sa.Text(), list(refusals)), reason=(sa.Text(), [str(r) for r in refusals.values()])
    )
    connection.execute(
        sa.update(deliveries)
        .where(
            deliveries.c.merchant_id == target.merchant_id,
            deliveries.c.action_key == refused.c.action_key,
            deliveries.c.outcome.in_(OPEN),
        )
        .values(outcome=LedgerOutcome.WITHHELD, reason=refused.c.reason)
    )


def postpone(connection: sa.Connection, target: Target, postponed: Mapping[str, tuple[datetime, str]]) -> None:
    """Let actions that a gate keeps back for now wait for a later run; no attempt is counted.

    Args:
        connection: The warehouse.
        target: The audience or the campaign, and the destination.
        postponed: Until when and why, by action key.
    """
    later = array_rows(
        "later",
        action_key=(sa.Text(), list(postponed)),
        retry_at=(Timestamp, [until for until, _ in postponed.values()]),
        reason=(sa.Text(), [reason for _, reason in postponed.values()]),
    )
    connection.execute(
        sa.update(deliveries)
        .where(
            deliveries.c.merchant_id == target.merchant_id,
            deliveries.c.action_key == later.c.action_key,
            deliveries.c.outcome.in_(OPEN),
        )
        .values(outcome=LedgerOutcome.RETRY, retry_at=later.c.retry_at, reason=later.c.reason)
    )


def presume_sent(connection: sa.Connection, target: Target) -> None:
    """Say of what is being sent that it may have been sent.

    For the holder of the destination's lock alone, who knows by it that the senders are dead.
    """
    connection.execute(
        sa.update(deliveries)
        .where(scope(target), deliveries.c.outcome == LedgerOutcome.RESERVED, deliveries.c.attempt_count > 0)
        .values(outcome=LedgerOutcome.MAYBE_SENT, reason=_DIED_SENDING)
    )


def scope(target: Target) -> sa.ColumnElement[bool]:
    """The rows of what a target is about, at its destination."""
    of_what = (
        deliveries.c.audience == target.audience
        if target.campaign is None
        else deliveries.c.campaign == target.campaign
    )
    return sa.and_(
        deliveries.c.merchant_id == target.merchant_id, deliveries.c.destination == target.destination, of_what
    )


def _close(connection: sa.Connection, delivery_ids: Collection[int], outcome: LedgerOutcome, reason: str) -> None:
    if delivery_ids:
        closing = array_rows("closing", delivery_id=(sa.BigInteger(), list(delivery_ids)))
        connection.execute(
            sa.update(deliveries)
            .where(
                deliveries.c.delivery_id == closing.c.delivery_id,
                deliveries.c.outcome.in_((*OPEN, LedgerOutcome.DEAD)),
            )
            .values(outcome=outcome, reason=reason)
        )


def _insert(
    connection: sa.Connection,
    target: Target,
    rows: Sequence[Mapping[str, Any]],
    *,
    run_id: str,
    reserved_at: datetime,
) -> None:
    names = list(rows[0])
    columns = {name: (deliveries.c[name].type, [row[name] for row in rows]) for name in names}
    reserved = array_rows("reserved", **columns)
    constants: dict[str, sa.ColumnElement[Any]] = {
        "merchant_id": sa.literal(target.merchant_id),
        "destination": sa.literal(target.destination),
        "audience": sa.literal(target.audience, sa.Text),
        "campaign": sa.literal(target.campaign, sa.Text),
        "campaign_version": sa.literal(target.campaign_version, sa.Text),
        "run_id": sa.literal(run_id),
        "reserved_at": sa.literal(reserved_at, Timestamp),
    }
    values: list[sa.ColumnElement[Any]] = [*constants.values(), *(reserved.c[name] for name in names)]
    connection.execute(
        insert(deliveries)
        .from_select([*constants, *names], sa.select(*values))
        .on_conflict_do_nothing(index_elements=["merchant_id", "action_key"])
    )
