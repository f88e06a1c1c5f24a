"""What a destination was sent last, field by field, so that a plan can be shown as what it changes.

Values that can identify a person are kept as digests that hold for this customer and field alone: they say that a value
changed, and never what it is. Must not decide what is sent; the ledger does.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from activation.actions import Action, LedgerOutcome, Target
from activation.arrays import among
from activation.arrays import rows as array_rows
from activation.payloads import digest
from connectors.destination import Operation
from models.activation import deliveries, sent_fields
from models.schema import Json

_DIGEST_LENGTH = 16
UNKNOWN = "?"


@dataclass(frozen=True)
class SentFields:
    """What a destination was sent last of a customer.

    Attributes:
        payload_hash: Of the whole.
        fields: Values by the destination's names; digests of personal ones.
    """

    payload_hash: str
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class FieldChange:
    """A field before and after, in words that hold no personal data.

    Attributes:
        name: As the destination calls it.
        before: What it was sent last; None for nothing.
        after: What it would be sent.
    """

    name: str
    before: str | None
    after: str

    def __str__(self) -> str:
        """`clv_amount: 919.00 -> 920.00`, with an arrow."""
        return f"{self.name}: {self.after}" if self.before is None else f"{self.name}: {self.before} → {self.after}"


def read_sent_fields(connection: sa.Connection, target: Target, customer_ids: Collection[str]) -> dict[str, SentFields]:
    """What the destination was sent last of some customers, by customer."""
    table = sent_fields
    rows = connection.execute(
        sa.select(table.c.customer_id, table.c.payload_hash, table.c.fields).where(
            _scope(target), among(table.c.customer_id, customer_ids)
        )
    )
    return {row.customer_id: SentFields(row.payload_hash, row.fields) for row in rows}


def remember(connection: sa.Connection, target: Target, accepted: Sequence[Action]) -> None:
    """Keep what was accepted, in the transaction that records it; what a removal took back is forgotten."""
    removed = [action.customer_id for action in accepted if action.operation is Operation.REMOVE]
    if removed:
        connection.execute(sa.delete(sent_fields).where(_scope(target), among(sent_fields.c.customer_id, removed)))
    sent = [a for a in accepted if a.operation not in {Operation.REMOVE, Operation.SEND}]
    if not sent:
        return
    known = array_rows(
        "known",
        customer_id=(sa.Text(), [action.customer_id for action in sent]),
        payload_hash=(sa.Text(), [action.payload_hash for action in sent]),
        fields=(Json(), [kept_of(target, action.customer_id, action.payload) for action in sent]),
    )
    names = ("merchant_id", "destination", "audience", "customer_id", "payload_hash", "fields")
    constants = [sa.literal(target.merchant_id), sa.literal(target.destination), sa.literal(target.name)]
    statement = insert(sent_fields).from_select(names, sa.select(*constants, *(known.c[name] for name in names[3:])))
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=list(names[:4]), set_={name: statement.excluded[name] for name in names[4:]}
        )
    )


def note_taken(connection: sa.Connection, merchant_id: str, action_keys: Collection[str]) -> None:
    """Keep that a destination holds what it is known to have taken without an answer; its fields are not known.

    Args:
        connection: In the transaction that recorded the rows as accepted.
        merchant_id: The tenant.
        action_keys: The rows of the ledger; a campaign's are left alone.
    """
    key = ("merchant_id", "destination", "audience", "customer_id")
    is_meant = sa.and_(
        deliveries.c.merchant_id == merchant_id,
        among(deliveries.c.action_key, action_keys),
        deliveries.c.outcome == LedgerOutcome.ACCEPTED,
        deliveries.c.audience.is_not(None),
    )
    is_its = sa.and_(*(sent_fields.c[name] == deliveries.c[name] for name in key))
    is_removal = deliveries.c.operation == Operation.REMOVE
    connection.execute(sa.delete(sent_fields).where(is_its, is_meant, is_removal))
    taken = sa.select(*(deliveries.c[name] for name in key), sa.literal(""), sa.literal({}, Json())).where(
        is_meant, ~is_removal
    )
    names = (*key, "payload_hash", "fields")
    connection.execute(insert(sent_fields).from_select(names, taken.distinct()).on_conflict_do_nothing())


def kept_of(target: Target, customer_id: str, payload: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of a payload."""
    return {
        name: _digest(target, customer_id, name, value) if name in target.personal_fields else value
        for name, value in payload.items()
    }


def changes(target: Target, action: Action, sent: SentFields | None, held_hash: str | None) -> list[FieldChange]:
    """What an action would change, field by field; nothing for a removal.

    Args:
        target: The audience and the destination.
        action: What would be sent.
        sent: What was sent last, if it was kept.
        held_hash: The digest of what the ledger says the destination holds; where it is another one than that of
            `sent`, what the fields were is not known. None where it holds nothing.
    """
    if action.operation is Operation.REMOVE:
        return []
    kept = kept_of(target, action.customer_id, action.payload)
    if held_hash is None:
        return [FieldChange(name, None, _shown(target, name, value)) for name, value in kept.items()]
    if sent is None or sent.payload_hash != held_hash:
        return [FieldChange(name, UNKNOWN, _shown(target, name, value)) for name, value in kept.items()]
    names = [*kept, *(name for name in sent.fields if name not in kept)]
    found = []
    for name in names:
        before, after = sent.fields.get(name), kept.get(name)
        if name not in kept:
            found.append(FieldChange(name, _shown(target, name, before), "not sent any more"))
        elif name not in sent.fields:
            found.append(FieldChange(name, None, _shown(target, name, after)))
        elif before != after:
            found.append(FieldChange(name, _shown(target, name, before), _shown(target, name, after, is_new=True)))
    return found


def _shown(target: Target, name: str, value: Any, *, is_new: bool = False) -> str:  # noqa: ANN401 - JSON
    if name in target.personal_fields:
        return "another (personal)" if is_new else "(personal)"
    return "empty" if value is None else str(value)


def _digest(target: Target, customer_id: str, name: str, value: Any) -> str:  # noqa: ANN401 - JSON
    return digest([target.merchant_id, customer_id, name, value])[:_DIGEST_LENGTH]


def _scope(target: Target) -> sa.ColumnElement[bool]:
    return sa.and_(
        sent_fields.c.merchant_id == target.merchant_id,
        sent_fields.c.destination == target.destination,
        sent_fields.c.audience == target.name,
    )
