"""Who is who, as a merchant's tables say it, and what people decided about it by hand.

Decisions are added and never changed: what no longer stands has an undoing beside it. The dbt models follow them in the
next run. Must not resolve anything itself, and holds no personal data.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from models.errors import StopError
from models.ops import identity_decisions
from models.schema import Timestamp

# Never given to Alembic: dbt creates and rebuilds these tables.
_reading = sa.MetaData()

dim_customer_identities = sa.Table(
    "dim_customer_identities",
    _reading,
    sa.Column("merchant_id", sa.Text, primary_key=True),
    sa.Column("record_id", sa.Text, primary_key=True),
    sa.Column("customer_id", sa.Text),
    sa.Column("since_date", sa.Date),
    sa.Column("previous_customer_ids", postgresql.ARRAY(sa.Text)),
    sa.Column("first_seen_at", Timestamp),
    sa.Column("is_present", sa.Boolean),
    schema="marts",
)

_links = sa.Table(
    "identity_links",
    _reading,
    sa.Column("merchant_id", sa.Text),
    sa.Column("customer_id", sa.Text),
    sa.Column("record_id", sa.Text),
    sa.Column("linked_record_id", sa.Text),
    sa.Column("key_kind", sa.Text),
    sa.Column("key_hash", sa.Text),
    sa.Column("decision_number", sa.BigInteger),
    sa.Column("first_seen_at", Timestamp),
    sa.Column("evidence", sa.Text),
    schema="marts",
)

_keys = sa.Table(
    "int_identity_keys_judged",
    _reading,
    sa.Column("merchant_id", sa.Text),
    sa.Column("record_id", sa.Text),
    sa.Column("key_kind", sa.Text),
    sa.Column("key_hash", sa.Text),
    sa.Column("left_out_reason", sa.Text),
    schema="intermediate",
)


@dataclass(frozen=True)
class CustomerRecord:
    """An account or guest of a customer.

    Attributes:
        record_id: The record.
        since_date: The as-of date since which it is the customer's.
        previous_customer_ids: The customers that it was of before, the latest last.
        is_present: Whether the sources still have it.
    """

    record_id: str
    since_date: date
    previous_customer_ids: tuple[str, ...]
    is_present: bool


@dataclass(frozen=True)
class Resolved:
    """A customer with the evidence of it.

    Attributes:
        customer_id: The customer's id now.
        records: The accounts and guests that it is made of.
        links: Why they are one person: rows of `marts.identity_links`.
        left_out: Keys of theirs that link nobody: record, kind, hash and reason.
        decisions: What was decided by hand about any of them, undone or not: rows of `ops.identity_decisions`.
    """

    customer_id: str
    records: tuple[CustomerRecord, ...]
    links: tuple[dict[str, Any], ...] = ()
    left_out: tuple[dict[str, Any], ...] = ()
    decisions: tuple[dict[str, Any], ...] = ()


def find_customer(connection: sa.Connection, merchant_id: str, customer_or_record: str) -> Resolved:
    """The customer of an id: one that is given now, one that was merged into another, or a record's.

    Raises:
        StopError: The merchant has no such customer or record.
    """
    table = dim_customer_identities
    customer_id = connection.scalar(
        sa.select(table.c.customer_id).where(
            table.c.merchant_id == merchant_id, table.c.record_id == customer_or_record
        )
    )
    if customer_id is None:
        raise StopError(f"merchant '{merchant_id}' has no customer or record {customer_or_record!r}")
    rows = connection.execute(
        sa.select(table.c.record_id, table.c.since_date, table.c.previous_customer_ids, table.c.is_present)
        .where(table.c.merchant_id == merchant_id, table.c.customer_id == customer_id)
        .order_by(table.c.record_id)
    )
    records = tuple(
        CustomerRecord(r.record_id, r.since_date, tuple(r.previous_customer_ids), r.is_present) for r in rows
    )
    ids = [record.record_id for record in records]
    links = sa.select(_links).where(_links.c.merchant_id == merchant_id, _links.c.customer_id == customer_id)
    left_out = sa.select(_keys).where(
        _keys.c.merchant_id == merchant_id, _keys.c.record_id.in_(ids), _keys.c.left_out_reason.is_not(None)
    )
    known, theirs = identity_decisions, sa.cast(ids, sa.ARRAY(sa.Text))
    about = known.c.record_ids.op("&&")(theirs) | known.c.other_record_ids.op("&&")(theirs)
    decided = sa.select(known).where(known.c.merchant_id == merchant_id, about)
    return Resolved(
        customer_id,
        records,
        tuple(dict(r) for r in connection.execute(links.order_by(_links.c.record_id)).mappings()),
        tuple(dict(r) for r in connection.execute(left_out.order_by(_keys.c.record_id)).mappings()),
        tuple(dict(r) for r in connection.execute(decided.order_by(known.c.decision_id)).mappings()),
    )


def current_ids(connection: sa.Connection, merchant_id: str, customer_ids: Sequence[str]) -> dict[str, str]:
    """What ids that were given once stand for now; an id of which nothing is known is left out."""
    table = dim_customer_identities
    rows = connection.execute(
        sa.select(table.c.record_id, table.c.customer_id).where(
            table.c.merchant_id == merchant_id,
            table.c.record_id == sa.any_(sa.cast(list(customer_ids), sa.ARRAY(sa.Text))),
        )
    )
    return {row.record_id: row.customer_id for row in rows}


def ids_of(connection: sa.Connection, merchant_id: str, customer_ids: Collection[str]) -> set[str]:
    """Every id that stands for one of some customers now: their own, their records', and those merged into them."""
    table = dim_customer_identities
    rows = connection.execute(
        sa.select(table.c.record_id).where(
            table.c.merchant_id == merchant_id,
            table.c.customer_id == sa.any_(sa.cast(sorted(customer_ids), sa.ARRAY(sa.Text))),
        )
    )
    return {*customer_ids, *rows.scalars()}


def people_of(connection: sa.Connection, merchant_id: str, customer_ids: Collection[str]) -> dict[str, str]:
    """Who customers are now, by every id that stands for one of them; one of whom nothing is known is who they are."""
    asked = sorted(set(customer_ids))
    now = current_ids(connection, merchant_id, asked)
    people = {customer_id: now.get(customer_id, customer_id) for customer_id in asked}
    for person in set(people.values()):
        people.setdefault(person, person)
    table = dim_customer_identities
    rows = connection.execute(
        sa.select(table.c.record_id, table.c.customer_id).where(
            table.c.merchant_id == merchant_id,
            table.c.customer_id == sa.any_(sa.cast(sorted(set(people.values())), sa.ARRAY(sa.Text))),
        )
    )
    return people | {row.record_id: row.customer_id for row in rows}


def account_ids(
    connection: sa.Connection, merchant_id: str, store_id: str, customer_ids: Sequence[str]
) -> dict[str, tuple[str, ...]]:
    """The platform's own ids of the accounts that customers have at a store.

    A record's name is the store's and the account's; a customer who was merged into another is answered with the
    accounts that were theirs.
    """
    table = dim_customer_identities
    wanted = sa.cast(list(customer_ids), sa.ARRAY(sa.Text))
    rows = connection.execute(
        sa.select(table.c.record_id, table.c.customer_id, table.c.previous_customer_ids)
        .where(
            table.c.merchant_id == merchant_id,
            table.c.record_id.startswith(f"{store_id}:", autoescape=True),
            table.c.is_present,
            sa.or_(table.c.customer_id == sa.any_(wanted), table.c.previous_customer_ids.overlap(wanted)),
        )
        .order_by(table.c.record_id)
    )
    found: dict[str, list[str]] = {}
    asked = set(customer_ids)
    for row in rows:
        for customer_id in asked & {row.customer_id, *(row.previous_customer_ids or ())}:
            found.setdefault(customer_id, []).append(row.record_id.removeprefix(f"{store_id}:"))
    return {customer_id: tuple(accounts) for customer_id, accounts in found.items()}


def accounts_of_person(
    connection: sa.Connection, merchant_id: str, store_id: str, customer_ids: Sequence[str]
) -> dict[str, tuple[str, ...]]:
    """The platform's own ids of all accounts at a store of who customers are now, by the ids that were asked for.

    A customer who was merged into another is answered with the accounts of both.
    """
    now = current_ids(connection, merchant_id, customer_ids)
    people = {customer_id: now.get(customer_id, customer_id) for customer_id in customer_ids}
    table = dim_customer_identities
    rows = connection.execute(
        sa.select(table.c.record_id, table.c.customer_id)
        .where(
            table.c.merchant_id == merchant_id,
            table.c.record_id.startswith(f"{store_id}:", autoescape=True),
            table.c.is_present,
            table.c.customer_id == sa.any_(sa.cast(sorted(set(people.values())), sa.ARRAY(sa.Text))),
        )
        .order_by(table.c.record_id)
    )
    held: dict[str, list[str]] = {}
    for row in rows:
        held.setdefault(row.customer_id, []).append(row.record_id.removeprefix(f"{store_id}:"))
    return {customer_id: tuple(held[person]) for customer_id, person in people.items() if person in held}


def decide(
    connection: sa.Connection,
    *,
    merchant_id: str,
    decision: str,
    record_ids: Sequence[str],
    other_record_ids: Sequence[str] = (),
    actor: str,
    reason: str,
    decided_at: datetime,
) -> int:
    """Enter that records are one person ("join"), or that some are not the person of the others ("separate").

    Returns:
        The decision's id.
    """
    return _enter(
        connection,
        merchant_id=merchant_id,
        decision=decision,
        record_ids=sorted(record_ids),
        other_record_ids=sorted(other_record_ids),
        actor=actor,
        reason=reason,
        decided_at=decided_at,
    )


def undo(
    connection: sa.Connection, *, merchant_id: str, decision_id: int, actor: str, reason: str, decided_at: datetime
) -> int:
    """Enter that a decision no longer stands.

    Raises:
        StopError: The merchant has no such decision, or it was undone before.
    """
    table = identity_decisions
    found = connection.execute(
        sa.select(table.c.decision).where(table.c.merchant_id == merchant_id, table.c.decision_id == decision_id)
    ).scalar_one_or_none()
    if found is None or found == "undo":
        raise StopError(f"merchant '{merchant_id}' has no decision {decision_id} to join or to separate")
    undone = sa.select(table.c.decision_id).where(
        table.c.merchant_id == merchant_id, table.c.undone_decision_id == decision_id
    )
    if connection.scalar(undone) is not None:
        raise StopError(f"decision {decision_id} was undone before")
    return _enter(
        connection,
        merchant_id=merchant_id,
        decision="undo",
        undone_decision_id=decision_id,
        actor=actor,
        reason=reason,
        decided_at=decided_at,
    )


def _enter(connection: sa.Connection, **values: Any) -> int:  # noqa: ANN401 - a row
    insert = identity_decisions.insert().values(**values).returning(identity_decisions.c.decision_id)
    decision_id: int = connection.execute(insert).scalar_one()
    return decision_id
