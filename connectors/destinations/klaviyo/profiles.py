"""A customer as a Klaviyo profile: what identifies them, what their name is, and everything else as properties.

Amounts are numbers there, for segments compare them; whatever has no value is taken away. Must not send anything.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

import msgspec

from connectors.destination import Delivery, DeliveryResult
from connectors.destinations.klaviyo.answers import rejected

LARGEST_RECORD_BYTES = 100 * 1000
ATTRIBUTES = ("email", "phone_number", "first_name", "last_name")
"""Fields of a payload that are a profile's own; every other is one of its properties."""

_AMOUNT = re.compile(r"-?\d+(\.\d+)?")
_WITH_CENTS = re.compile(r"-?(0|[1-9]\d*)\.\d{2,4}")
_encoded = msgspec.json.Encoder(decimal_format="number").encode

IdentifiedBy = Literal["external_id", "email"]


@dataclass(frozen=True)
class Record:
    """A delivery and the profile that it becomes.

    Attributes:
        delivery: The delivery.
        content: The profile as a resource, encoded.
        email: By which Klaviyo may know it; empty for none.
        external_id: By which Klaviyo knows it; empty where it is not told.
    """

    delivery: Delivery = field(repr=False)
    content: bytes = field(repr=False)
    email: str = field(repr=False)
    external_id: str


def external_id(delivery: Delivery) -> str:
    """What Klaviyo knows a customer by; merchants who share an account may have equal ids."""
    return f"{delivery.merchant_id}:{delivery.customer_id}"


def records_of(
    deliveries: Sequence[Delivery], identified_by: IdentifiedBy, *, identifiers_only: bool = False
) -> tuple[list[Record], list[DeliveryResult]]:
    """The profiles of a batch, and what can be none.

    Args:
        deliveries: The batch.
        identified_by: Whether profiles get our id.
        identifiers_only: Whether to leave everything out that does not identify them.
    """
    records: list[Record] = []
    refused: list[DeliveryResult] = []
    addresses: set[str] = set()
    for delivery in deliveries:
        record = _record(delivery, identified_by, identifiers_only=identifiers_only)
        address = record.email.casefold()
        if not address and not record.external_id:
            refused += rejected([delivery], "there is no email to know the profile by; add email to the fields")
        elif address and address in addresses:
            # The later one would take the profile over, and another time the earlier one.
            refused += rejected([delivery], "another customer of this batch has the same email")
        elif len(record.content) > LARGEST_RECORD_BYTES:
            refused += rejected([delivery], "the profile is larger than Klaviyo takes (100 KB)")
        else:
            addresses.add(address)
            records.append(record)
    return records, refused


def number(value: object) -> object:
    """An amount of money, which payloads hold as text, as the number that it is."""
    return Decimal(value) if isinstance(value, str) and _AMOUNT.fullmatch(value) else value


def _is_with_cents(value: object) -> bool:
    """Whether a text can only be an amount: a sync may send one under any name."""
    return isinstance(value, str) and _WITH_CENTS.fullmatch(value) is not None


def _record(delivery: Delivery, identified_by: IdentifiedBy, *, identifiers_only: bool) -> Record:
    payload: Mapping[str, Any] = delivery.payload
    email = str(payload.get("email") or "").strip()
    ours = external_id(delivery) if identified_by == "external_id" else ""
    # A name that we do not know is no reason to take away the one that Klaviyo has.
    attributes: dict[str, Any] = {name: payload[name] for name in ATTRIBUTES if payload.get(name)}
    if email:
        attributes["email"] = email
    if ours:
        attributes["external_id"] = ours
    if identifiers_only:
        attributes = {name: attributes[name] for name in ("email", "external_id") if name in attributes}
    else:
        attributes["properties"] = {
            name: number(value) if name.endswith("_amount") or _is_with_cents(value) else value
            for name, value in payload.items()
            if name not in ATTRIBUTES
        }
    return Record(delivery, _encoded({"type": "profile", "attributes": attributes}), email, ours)
