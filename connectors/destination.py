"""The protocol of a destination: what every connector that sends data out offers to activation.

A destination is told what to deliver, record by record, each with an action key that never changes between attempts,
and answers record by record. It decides nothing: who receives what, and whether they may, is `activation`'s to say.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Protocol, runtime_checkable


class Operation(StrEnum):
    """What a delivery asks of the destination: a state that a record shall have, or what shall happen once."""

    UPSERT = "upsert"  # the record is in the audience, with these values
    INSERT = "insert"  # the record is in the audience; one that the destination holds already keeps its values
    UPDATE = "update"  # a record that the destination holds has these values; one that it does not hold is left alone
    REMOVE = "remove"  # the record has left the audience
    SEND = "send"  # an email, an event, a discount code: once, whatever was sent before


class Outcome(StrEnum):
    """What is known about one delivery."""

    ACCEPTED = "accepted"  # the destination said that it has it
    REJECTED = "rejected"  # the destination said that it will never take it
    RETRY = "retry"  # it was certainly not taken; trying again is safe
    MAYBE_SENT = "maybe_sent"  # the answer was lost: it may or may not have been taken


@dataclass(frozen=True)
class Delivery:
    """One record on its way out.

    Attributes:
        action_key: Deterministic; equal keys are the same action, whatever number of attempts it takes.
        merchant_id: The tenant.
        audience: The audience whose change this is; of a `SEND`, the campaign that it belongs to.
        customer_id: The customer that it is about.
        operation: What is asked for.
        payload: The fields to send, JSON-ready (money as strings).
    """

    action_key: str
    merchant_id: str
    audience: str
    customer_id: str
    operation: Operation
    payload: dict[str, Any] = field(repr=False)


@dataclass(frozen=True)
class DeliveryResult:
    """What became of one delivery.

    Attributes:
        action_key: The delivery's key.
        outcome: What is known.
        reason: Why, when it was not accepted; never holds payload values.
        provider_reference: The destination's own id for it, where it gives one.
        retry_at: The earliest time to try again, where the destination asked for one.
        provider: Which of several providers took it or was asked last, where the destination has several.
    """

    action_key: str
    outcome: Outcome
    reason: str | None = None
    provider_reference: str | None = None
    retry_at: datetime | None = None
    provider: str | None = None


class Destination(Protocol):
    """A connector that takes one kind of tool's records out."""

    kind: ClassVar[str]
    name: str
    batch_size: int
    operations: frozenset[Operation]
    """What it can be asked for; anything else is refused before a plan is made."""
    is_idempotent: bool
    """Whether sending the same action key twice has the effect of sending it once."""

    def send(self, deliveries: Sequence[Delivery], *, sent_at: datetime) -> list[DeliveryResult]:
        """Deliver a batch of at most `batch_size`, and say of each record what became of it.

        Never raises for a record's sake: whatever happens on the way is an outcome of the records concerned.
        """
        ...


@runtime_checkable
class TakesSeveral(Protocol):
    """A destination whose `send` may be called from several threads at once."""

    concurrency: int
    """How many batches it takes at once."""


@runtime_checkable
class WritesToAccounts(Protocol):
    """A destination that writes to whatever accounts a person has.

    A person of several ids has the same accounts under each, so that what is taken back under one of them is taken off
    the others as well.
    """

    writes_to_accounts: ClassVar[bool]


@runtime_checkable
class ReadsBack(Protocol):
    """A destination that can be asked what became of a delivery whose answer was lost."""

    def read_back(self, deliveries: Sequence[Delivery], *, asked_at: datetime) -> list[DeliveryResult]:
        """Say of each delivery whether it was taken.

        Their payloads are as they would be today, which need not be what was sent, and empty where nothing would be
        sent any more: it is the action key that tells.

        Accepted: it was. Retry: it certainly was not, and will not be on that attempt's account any more; sending it
        again is safe. Maybe sent: the destination cannot tell, now or at all.
        """
        ...


def require_batch(name: str, batch_size: int, deliveries: Sequence[Delivery]) -> None:
    """Refuse more than a batch.

    Raises:
        ValueError: It is more; the caller is at fault.
    """
    if len(deliveries) > batch_size:
        raise ValueError(f"destination {name} takes {batch_size} records at once, not {len(deliveries)}")
