"""Consent: whether a customer may be written to. Fails closed: what is not known to be allowed is refused.

Must not know audiences or destinations.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa

from activation.arrays import among
from activation.customers import customer_contacts
from models.identity import current_ids

_LONGEST_ADDRESS = 254
_LONGEST_LOCAL_PART = 64
# RFC 5322's dot-atom, and host names of at least two labels (RFC 1123). Quoted local parts and address literals are
# valid mail and never a shop's customer.
_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_HOST_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.IGNORECASE)


class Refusal(StrEnum):
    """Why a customer is not written to, as the ledger records it."""

    NO_CONTACT = "there is no contact record"
    AMBIGUOUS = "there is more than one contact record"
    CONSENT_UNKNOWN = "it is not known whether they agreed to emails"
    NO_CONSENT = "they did not agree to emails, or withdrew"
    NO_EMAIL = "there is no email address"
    BAD_EMAIL = "the email address cannot be one"


@dataclass(frozen=True)
class Contact:
    """How a customer can be reached, and whether they agreed to it; its values stand in no message or log.

    Attributes:
        has_email_consent: Null is unknown.
        is_ambiguous: More than one contact record claims the customer.
        consent_at: When they agreed or withdrew, as the shop's record says; None where it does not.
        consent_evidence: How that is known, such as the store and its level of opt-in; None where nothing is kept.
    """

    email: str | None = field(repr=False)
    first_name: str | None = field(repr=False)
    last_name: str | None = field(repr=False)
    has_email_consent: bool | None
    is_ambiguous: bool = False
    consent_at: datetime | None = None
    consent_evidence: str | None = None


def email_refusal(contact: Contact | None) -> Refusal | None:
    """Why a customer may not be emailed, or None when they may."""
    if contact is None:
        return Refusal.NO_CONTACT
    if contact.is_ambiguous:
        return Refusal.AMBIGUOUS
    if contact.has_email_consent is None:
        return Refusal.CONSENT_UNKNOWN
    if contact.has_email_consent is not True:
        return Refusal.NO_CONSENT
    if not contact.email:
        return Refusal.NO_EMAIL
    return None if is_email_address(contact.email) else Refusal.BAD_EMAIL


def is_email_address(text: str) -> bool:
    """Whether a text has the form of an address that a shop's customer can have; international host names count."""
    local_part, separator, host = text.rpartition("@")
    if not separator or len(text) > _LONGEST_ADDRESS or len(local_part) > _LONGEST_LOCAL_PART:
        return False
    try:
        labels = host.encode("idna").decode("ascii").split(".")
    except UnicodeError:
        return False
    is_host = len(labels) > 1 and all(_HOST_LABEL.fullmatch(label) for label in labels) and not labels[-1].isdigit()
    return is_host and _LOCAL_PART.fullmatch(local_part) is not None


def read_contacts(connection: sa.Connection, merchant_id: str, customer_ids: Collection[str]) -> Mapping[str, Contact]:
    """The contacts of a merchant's customers, by customer, as they are in the connection's transaction.

    A customer who was merged into another is found by the old id too, with the contact and the consent of the person.

    Args:
        connection: The warehouse.
        merchant_id: The tenant.
        customer_ids: The customers, by ids of now or of then.
    """
    contacts = _contacts(connection, merchant_id, customer_ids)
    if missing := sorted(set(customer_ids) - contacts.keys()):
        merged = current_ids(connection, merchant_id, missing)
        found = _contacts(connection, merchant_id, sorted(set(merged.values())))
        contacts |= {before: found[now] for before, now in merged.items() if now in found}
    return contacts


def _contacts(connection: sa.Connection, merchant_id: str, customer_ids: Collection[str]) -> dict[str, Contact]:
    table = customer_contacts
    rows = connection.execute(
        sa.select(
            table.c.customer_id,
            table.c.email,
            table.c.first_name,
            table.c.last_name,
            table.c.has_email_consent,
            table.c.email_consent_at,
            table.c.email_consent_evidence,
        )
        .where(table.c.merchant_id == merchant_id, among(table.c.customer_id, customer_ids))
        .order_by(table.c.customer_id)
    )
    contacts: dict[str, Contact] = {}
    for customer_id, email, first_name, last_name, has_email_consent, consent_at, evidence in rows:
        contacts[customer_id] = Contact(
            email,
            first_name,
            last_name,
            has_email_consent,
            is_ambiguous=customer_id in contacts,
            consent_at=consent_at,
            consent_evidence=evidence,
        )
    return contacts
