"""The suppression list: addresses and customers who are not to be written to, whatever the shop says of their consent.

An entry is never changed: a person may lift it, and then it says why. Addresses are held as digests. Must not hold or
log an address.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from activation.actions import Action, Target
from activation.arrays import rows
from activation.consent import Contact, read_contacts
from activation.customers import customer_contacts
from activation.gates.gate import ALLOWED, Answer, Refused
from models.campaigns import suppressions
from models.identity import dim_customer_identities
from models.schema import Timestamp

REASONS = ("bounce", "complaint", "unsubscribe", "invalid", "manual")
EMAIL = "email"


@dataclass(frozen=True)
class Entry:
    """Somebody who is not to be written to.

    Attributes:
        reason: One of `REASONS`.
        suppressed_at: Since when, in UTC.
        address_hash: Digest of the address; None for a customer.
        customer_id: The customer; None for an address.
        evidence: Where it is known from; never an address.
        channel: Of what they are not to get.
    """

    reason: str
    suppressed_at: datetime
    address_hash: str | None = None
    customer_id: str | None = None
    evidence: str | None = None
    channel: str = EMAIL


def address_hash(address: str) -> str:
    """The digest by which an address is found again, however it was written."""
    return hashlib.sha256(address.strip().lower().encode("utf-8", "surrogatepass")).hexdigest()


def suppress(connection: sa.Connection, merchant_id: str, entries: Iterable[Entry]) -> int:
    """Add to the list what does not stand on it; says how many entries are new."""
    wanted = list(entries)
    if not wanted:
        return 0
    for entry in wanted:
        if entry.reason not in REASONS:
            raise ValueError(f"{entry.reason!r} is no reason; use one of {', '.join(REASONS)}")
    new = rows(
        "new",
        channel=(sa.Text(), [entry.channel for entry in wanted]),
        address_hash=(sa.Text(), [entry.address_hash for entry in wanted]),
        customer_id=(sa.Text(), [entry.customer_id for entry in wanted]),
        reason=(sa.Text(), [entry.reason for entry in wanted]),
        evidence=(sa.Text(), [entry.evidence for entry in wanted]),
        suppressed_at=(Timestamp, [entry.suppressed_at for entry in wanted]),
    )
    names = ["channel", "address_hash", "customer_id", "reason", "evidence", "suppressed_at"]
    added = connection.execute(
        insert(suppressions)
        .from_select(["merchant_id", *names], sa.select(sa.literal(merchant_id), *(new.c[name] for name in names)))
        .on_conflict_do_nothing()
        .returning(suppressions.c.suppression_id)
    )
    return len(added.all())


def lift(
    connection: sa.Connection,
    merchant_id: str,
    *,
    lifted_at: datetime,
    because: str,
    address: str | None = None,
    customer_id: str | None = None,
) -> int:
    """Take an address or a customer off the list; says how many entries no longer stand."""
    is_meant = (
        suppressions.c.customer_id == customer_id
        if address is None
        else suppressions.c.address_hash == address_hash(address)
    )
    lifted = connection.execute(
        sa.update(suppressions)
        .where(suppressions.c.merchant_id == merchant_id, is_meant, suppressions.c.lifted_at.is_(None))
        .values(lifted_at=lifted_at, lifted_because=because)
        .returning(suppressions.c.suppression_id)
    )
    return len(lifted.all())


def suppressed(
    connection: sa.Connection,
    merchant_id: str,
    customer_ids: Collection[str],
    contacts: Mapping[str, Contact],
    *,
    channel: str = EMAIL,
) -> dict[str, str]:
    """Which customers are not to be written to, with the reason.

    A customer whose entry stands under another id of the same person, of then or of now, is found, too.

    Args:
        connection: The warehouse.
        merchant_id: The tenant.
        customer_ids: The customers, by ids of now or of then.
        contacts: Their contacts, where they are known.
        channel: Of what they would get.
    """
    addresses = {customer_id: contacts[customer_id].email for customer_id in customer_ids if customer_id in contacts}
    hashes = {customer_id: address_hash(address) for customer_id, address in addresses.items() if address}
    table, scope = suppressions, _standing(merchant_id, channel)
    names = _names_of(merchant_id, customer_ids).subquery("names")
    found = {
        row.customer_id: row.reason
        for row in connection.execute(
            sa.select(names.c.customer_id, sa.func.min(table.c.reason).label("reason"))
            .join_from(names, table, table.c.customer_id == names.c.name)
            .where(scope)
            .group_by(names.c.customer_id)
        )
    }
    asked = rows("asked", address_hash=(sa.Text(), sorted(set(hashes.values()))))
    by_hash = {
        row.address_hash: row.reason
        for row in connection.execute(
            sa.select(table.c.address_hash, table.c.reason).where(scope, table.c.address_hash == asked.c.address_hash)
        )
    }
    reasons = {}
    for customer_id in customer_ids:
        reason = found.get(customer_id) or by_hash.get(hashes.get(customer_id, ""))
        if reason is not None:
            reasons[customer_id] = refusal_of(reason)
    return reasons


def _names_of(merchant_id: str, customer_ids: Collection[str]) -> sa.CompoundSelect[Any]:
    """Some customers with each id that stands for the same person; a claim of few reads no more than theirs."""
    asked = rows("asked", customer_id=(sa.Text(), sorted(customer_ids)))
    mine, theirs = dim_customer_identities.alias("mine"), dim_customer_identities.alias("theirs")
    is_mine = sa.and_(mine.c.merchant_id == merchant_id, mine.c.record_id == asked.c.customer_id)
    as_now = sa.select(asked.c.customer_id, mine.c.customer_id.label("name")).join_from(asked, mine, is_mine)
    people = sa.union_all(as_now, sa.select(asked.c.customer_id, asked.c.customer_id)).subquery("people")
    is_theirs = sa.and_(theirs.c.merchant_id == merchant_id, theirs.c.customer_id == people.c.name)
    return sa.union_all(
        sa.select(people.c.customer_id, people.c.name),
        sa.select(people.c.customer_id, theirs.c.record_id).join_from(people, theirs, is_theirs),
    )


def entries_of_customers(merchant_id: str, channel: str = EMAIL) -> sa.Select[tuple[str, str]]:
    """The customers whom standing entries are about, with the reason; once for each reason."""
    table, contacts, people = suppressions, customer_contacts, dim_customer_identities
    scope = _standing(merchant_id, channel)
    by_customer = sa.select(table.c.customer_id, table.c.reason).where(scope, table.c.customer_id.is_not(None))
    is_theirs = sa.and_(people.c.merchant_id == merchant_id, people.c.record_id == table.c.customer_id)
    by_person = sa.select(people.c.customer_id, table.c.reason).join_from(table, people, is_theirs).where(scope)
    address = sa.func.convert_to(sa.func.lower(sa.func.btrim(contacts.c.email)), "UTF8")
    is_address = sa.and_(
        contacts.c.merchant_id == merchant_id,
        table.c.address_hash == sa.func.encode(sa.func.sha256(address), "hex"),
    )
    by_address = sa.select(contacts.c.customer_id, table.c.reason).join_from(table, contacts, is_address).where(scope)
    found = sa.union(by_customer, by_person, by_address).subquery("entries")
    return sa.select(found.c.customer_id, found.c.reason)


def _standing(merchant_id: str, channel: str) -> sa.ColumnElement[bool]:
    table = suppressions
    return sa.and_(table.c.merchant_id == merchant_id, table.c.channel == channel, table.c.lifted_at.is_(None))


def refusal_of(reason: str) -> str:
    """The reason in the ledger's words."""
    return f"they are on the suppression list: {reason}"


class Suppressions:
    """Refuses whoever is on the list. A list that cannot be read is an error, and nobody is written to."""

    def answers(
        self,
        connection: sa.Connection,
        target: Target,
        actions: Sequence[Action],
        *,
        asked_at: datetime,  # noqa: ARG002 - the list is as it stands
    ) -> Mapping[str, Answer]:
        """Refusals by customer and address."""
        ids: Collection[str] = [action.customer_id for action in actions]
        contacts = read_contacts(connection, target.merchant_id, ids)
        reasons = suppressed(connection, target.merchant_id, ids, contacts)
        return {
            action.action_key: Refused(reasons[action.customer_id]) if action.customer_id in reasons else ALLOWED
            for action in actions
        }
