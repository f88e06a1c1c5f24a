"""Which customers changed since a sync last looked, without looking at all of them.

A reconciliation, once a night and for all syncs, holds a hash of every customer's row, contact, suppression and
memberships against the one that is kept, and numbers what it finds changed, new or gone. A sync then reads what has a
higher number than its cursor, by an index. Numbers are given under a lock and never shared with a later one: there are
no ties and no late rows. Must not decide what is sent.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by, insert

from activation import ledger
from activation.actions import OPEN, LedgerOutcome, Target
from activation.customers import customer_360, customer_contacts, segment_memberships
from activation.gates.suppressions import entries_of_customers
from activation.locks import lock_key
from activation.payloads import Sync, digest
from models.activation import audience_members, customer_states, deliveries, sent_fields, sync_cursors
from models.identity import current_ids, dim_customer_identities, ids_of

# What is another every night though nothing about the customer is; a sync that sends it looks at everybody.
PASSING = ("as_of_date", "model_run_id", "days_since_last_order")
_LOOK_AT_ALL_AFTER = timedelta(days=7)
_UNSETTLED = (*OPEN, LedgerOutcome.MAYBE_SENT, LedgerOutcome.DEAD)


def reconcile(connection: sa.Connection, merchant_id: str) -> int:
    """Number every customer who changed, is new, or is gone since the last reconciliation; says how many there are.

    Args:
        connection: The warehouse, with a transaction that the caller commits.
        merchant_id: The tenant.
    """
    states = customer_states
    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(lock_key("customer_states", merchant_id))))
    # How times and fractions are written as text must not depend on the session.
    for name, value in (("timezone", "UTC"), ("datestyle", "ISO, YMD"), ("extra_float_digits", "1")):
        connection.execute(sa.select(sa.func.set_config(name, value, True)))
    number = latest_change(connection, merchant_id) + 1
    current = current_states(merchant_id).cte("current")
    kept = states.alias("kept")
    is_kept = sa.and_(kept.c.merchant_id == merchant_id, kept.c.customer_id == current.c.customer_id)
    changed = (
        sa.select(sa.literal(merchant_id), current.c.customer_id, current.c.state_hash, sa.literal(number), sa.false())
        .select_from(current.outerjoin(kept, is_kept))
        .where(sa.or_(kept.c.customer_id.is_(None), kept.c.is_gone, kept.c.state_hash != current.c.state_hash))
    )
    names = ("merchant_id", "customer_id", "state_hash", "change_number", "is_gone")
    statement = insert(states).from_select(names, changed)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=list(names[:2]), set_={name: statement.excluded[name] for name in names[2:]}
        )
    )
    is_there = sa.exists().where(
        customer_360.c.merchant_id == merchant_id, customer_360.c.customer_id == states.c.customer_id
    )
    connection.execute(
        sa.update(states)
        .where(states.c.merchant_id == merchant_id, ~states.c.is_gone, ~is_there)
        .values(is_gone=True, change_number=number)
    )
    is_new = sa.and_(states.c.merchant_id == merchant_id, states.c.change_number == number)
    return connection.execute(sa.select(sa.func.count()).where(is_new)).scalar_one()


def current_states(merchant_id: str) -> sa.Select[tuple[str, str]]:
    """Each of the merchant's customers with a hash of all that decides what is sent of them, and under which id."""
    mine = customer_contacts.c.merchant_id == merchant_id
    said = [c for c in customer_contacts.c if c.name != "merchant_id"]
    of_contact = sa.func.md5(sa.cast(sa.func.row(*said), sa.Text))
    contacts = (
        sa.select(
            customer_contacts.c.customer_id,
            sa.func.string_agg(of_contact, aggregate_order_by(sa.literal(","), of_contact)).label("h"),
        )
        .where(mine)
        .group_by(customer_contacts.c.customer_id)
        .subquery("contacts")
    )
    entries = entries_of_customers(merchant_id).subquery("entries_of_customers")
    on_list = (
        sa.select(
            entries.c.customer_id,
            sa.func.string_agg(entries.c.reason, aggregate_order_by(sa.literal(","), entries.c.reason)).label(
                "reasons"
            ),
        )
        .group_by(entries.c.customer_id)
        .subquery("on_list")
    )
    columns = [c for c in customer_360.c if c.name not in {"merchant_id", "customer_id", *PASSING}]
    belongs, others = _memberships(merchant_id).subquery("belongs"), _other_ids(merchant_id).subquery("others")
    row = sa.cast(sa.func.row(*columns, contacts.c.h), sa.Text)
    state = sa.func.md5(sa.func.concat_ws("/", row, on_list.c.reasons, belongs.c.to, others.c.ids))
    return (
        sa.select(customer_360.c.customer_id, state.label("state_hash"))
        .select_from(
            customer_360.outerjoin(contacts, contacts.c.customer_id == customer_360.c.customer_id)
            .outerjoin(on_list, on_list.c.customer_id == customer_360.c.customer_id)
            .outerjoin(belongs, belongs.c.customer_id == customer_360.c.customer_id)
            .outerjoin(others, others.c.customer_id == customer_360.c.customer_id)
        )
        .where(customer_360.c.merchant_id == merchant_id)
    )


def _memberships(merchant_id: str) -> sa.Select[tuple[str, int]]:
    """Each member of any audience or segment with a number that stands for what they are a member of.

    What they are, and not when they became it: a day that is worked out again may leave no trace of who left on it.
    """
    kinds = (
        (audience_members, audience_members.c.audience, audience_members.c.left_at),
        (segment_memberships, segment_memberships.c.segment_name, segment_memberships.c.left_date),
    )
    stays = sa.union_all(
        *(
            sa.select(table.c.customer_id, sa.func.hashtextextended(name, seed).label("named")).where(
                table.c.merchant_id == merchant_id, left.is_(None)
            )
            for seed, (table, name, left) in enumerate(kinds)
        )
    ).subquery("stays")
    # Added up and not strung together: sums need no sorting of as many rows as all segments have members.
    return sa.select(stays.c.customer_id, sa.func.sum(stays.c.named).label("to")).group_by(stays.c.customer_id)


def _other_ids(merchant_id: str) -> sa.Select[tuple[str, int]]:
    """Each customer of whom several records are, with a number that stands for which; a destination may know an id."""
    people = dim_customer_identities
    ids = sa.func.sum(sa.func.hashtextextended(people.c.record_id, 0)).label("ids")
    is_other = sa.and_(people.c.merchant_id == merchant_id, people.c.record_id != people.c.customer_id)
    return sa.select(people.c.customer_id, ids).where(is_other).group_by(people.c.customer_id)


def latest_change(connection: sa.Connection, merchant_id: str) -> int:
    """The number of the latest change of a merchant's customers; 0 before the first reconciliation."""
    of_merchant = customer_states.c.merchant_id == merchant_id
    statement = sa.select(sa.func.max(customer_states.c.change_number)).where(of_merchant)
    return connection.execute(statement).scalar_one() or 0


@dataclass(frozen=True)
class SyncCursor:
    """Up to where a sync's ledger is in step.

    Attributes:
        settings_hash: Of the sync, and of what says who is a member.
        change_number: Everything up to it is in the ledger.
        as_of_date: The day that was planned for.
        reconciled_at: When all customers were looked at last.
    """

    settings_hash: str
    change_number: int
    as_of_date: date
    reconciled_at: datetime


def settings_hash(sync: Sync, rule_hash: str) -> str:
    """What a cursor stands for: under other settings, or another rule, it says nothing."""
    return digest([sync.model_dump(mode="json"), rule_hash])


def read_cursor(connection: sa.Connection, target: Target) -> SyncCursor | None:
    """The sync's cursor, if it has one."""
    table = sync_cursors
    row = connection.execute(
        sa.select(table.c.settings_hash, table.c.change_number, table.c.as_of_date, table.c.reconciled_at).where(
            *(table.c[name] == value for name, value in _key(target).items())
        )
    ).one_or_none()
    return SyncCursor(*row) if row else None


def move_cursor(connection: sa.Connection, target: Target, cursor: SyncCursor) -> None:
    """Move the sync's cursor, in the transaction that reserves what it leaves behind."""
    values = {**_key(target), **cursor.__dict__}
    connection.execute(
        insert(sync_cursors).values(values).on_conflict_do_update(index_elements=list(_key(target)), set_=values)
    )


def changed_customers(
    connection: sa.Connection, target: Target, sync: Sync, rule_hash: str, *, as_of_date: date | None, now: datetime
) -> set[str] | None:
    """The customers of whom there may be something to send; None where all have to be looked at.

    Those who changed, entered, left or are gone, and of whom something in the ledger is not settled; with all ids that
    stand for them. All are looked at under new settings, once a week, and on the way back in time.
    """
    cursor = read_cursor(connection, target)
    if (
        cursor is None
        or as_of_date is None
        or cursor.settings_hash != settings_hash(sync, rule_hash)
        or cursor.as_of_date > as_of_date
        or cursor.reconciled_at + _LOOK_AT_ALL_AFTER <= now
        or set(PASSING) & set(sync.fields)
    ):
        return None
    found = set(_ids(connection, _changed(target, cursor)))
    found |= set(
        _ids(
            connection,
            sa.select(deliveries.c.customer_id).where(ledger.scope(target), deliveries.c.outcome.in_(_UNSETTLED)),
        )
    )
    # Together with every other id of theirs: a destination may know them by one of then.
    now_ids = current_ids(connection, target.merchant_id, sorted(found)).values()
    return found | ids_of(connection, target.merchant_id, {*found, *now_ids})


def held_count(connection: sa.Connection, target: Target) -> int:
    """How many customers the destination was sent and holds."""
    of_target = (sent_fields.c[name] == value for name, value in _key(target).items())
    statement = sa.select(sa.func.count()).where(*of_target)
    return connection.execute(statement).scalar_one()


def _changed(target: Target, cursor: SyncCursor) -> sa.Select[tuple[str]]:
    return sa.select(customer_states.c.customer_id).where(
        customer_states.c.merchant_id == target.merchant_id, customer_states.c.change_number > cursor.change_number
    )


def _ids(connection: sa.Connection, statement: sa.Select[Any]) -> Iterable[str]:
    return connection.execute(statement).scalars()


def _key(target: Target) -> dict[str, str]:
    return {"merchant_id": target.merchant_id, "destination": target.destination, "audience": target.name}
