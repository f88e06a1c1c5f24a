"""Who a sync is about now, with what it sends of each: an audience's members, or a segment's.

Must not know what was sent before.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from activation.actions import Member
from activation.arrays import among
from activation.audiences import Audience
from activation.consent import Contact, email_refusal, read_contacts
from activation.customers import customer_360, segment_memberships
from activation.gates.suppressions import suppressed
from activation.payloads import Sync, payload_of
from models.activation import audience_members
from models.errors import RejectedRecordError, StopError
from models.ops import segments


@dataclass(frozen=True)
class SegmentMembers:
    """A segment that a sync is of; who is in it, the marts say."""

    name: str


Members = Audience | SegmentMembers


def rule_hash(connection: sa.Connection, merchant_id: str, members: Members) -> str:
    """The digest of what says who is a member.

    Raises:
        StopError: The last run found no such segment; a mirror of it would take everybody out of the destination.
    """
    if isinstance(members, Audience):
        return members.rule_hash
    found = connection.execute(
        sa.select(segments.c.criteria_hash).where(
            segments.c.merchant_id == merchant_id, segments.c.segment_name == members.name
        )
    ).one_or_none()
    if found is None:
        raise StopError(f"merchant '{merchant_id}' has no segment '{members.name}'; a run works it out once it has one")
    # Criteria that went wrong leave the members as they were.
    return str(found.criteria_hash or "")


def member_ids(
    connection: sa.Connection, merchant_id: str, members: Members, only: Collection[str] | None = None
) -> list[str]:
    """The customers who are in it now; of those among `only`, where that is given."""
    if isinstance(members, Audience):
        table: sa.Table = audience_members
        current = sa.and_(table.c.audience == members.name, table.c.left_at.is_(None))
    else:
        table = segment_memberships
        current = sa.and_(table.c.segment_name == members.name, table.c.left_date.is_(None))
    statement = sa.select(table.c.customer_id).where(table.c.merchant_id == merchant_id, current)
    if only is not None:
        statement = statement.where(among(table.c.customer_id, only))
    return list(connection.execute(statement).scalars())


def read_members(
    connection: sa.Connection, merchant_id: str, sync: Sync, members: Members, only: Collection[str] | None = None
) -> Iterator[Member]:
    """The current members, or those among `only`, with what a sync sends of them, or why it may not."""
    ids = member_ids(connection, merchant_id, members, only)
    contacts = read_contacts(connection, merchant_id, ids) if sync.consent is not None else {}
    on_list = suppressed(connection, merchant_id, ids, contacts) if sync.consent is not None else {}
    rows = connection.execute(
        sa.select(customer_360).where(customer_360.c.merchant_id == merchant_id, among(customer_360.c.customer_id, ids))
    ).mappings()
    for row in rows:
        contact = contacts.get(row["customer_id"])
        refusal = email_refusal(contact) or on_list.get(row["customer_id"]) if sync.consent is not None else None
        yield _member(sync, dict(row), contact, str(refusal) if refusal else None)


def _member(sync: Sync, values: dict[str, Any], contact: Contact | None, refusal: str | None) -> Member:
    payload: dict[str, Any] = {}
    if refusal is None:
        personal = {name: getattr(contact, name) for name in sync.personal_fields} if contact else {}
        try:
            written = payload_of(sync.fields, {**values, **personal})
            payload = {sync.names[name]: value for name, value in written.items()}
        except RejectedRecordError as error:
            refusal = str(error)
    return Member(values["customer_id"], payload, refusal, values["model_run_id"])
