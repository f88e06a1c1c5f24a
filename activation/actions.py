"""Actions: what can be sent to a destination about a customer, what the ledger remembers of it, and a plan of both.

Shapes only. Must not decide anything.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from activation.payloads import digest
from connectors.destination import Operation


class LedgerOutcome(StrEnum):
    """Where an action stands in the ledger."""

    RESERVED = "reserved"  # about to be sent; with attempts, the process may have died while sending
    ACCEPTED = "accepted"
    REJECTED = "rejected"  # the destination will never take it
    RETRY = "retry"  # sending it again is safe
    DEAD = "dead"  # tried in vain in too many runs; a person replays it
    MAYBE_SENT = "maybe_sent"  # it may have been taken, and sending it again is not safe: a person decides
    WITHHELD = "withheld"  # a gate refused it
    SUPERSEDED = "superseded"  # another action took its place before it was accepted


# Outcomes after which the same change, wanted again, is a new action. A rejected one is not: it would be refused again.
CLOSED = (LedgerOutcome.ACCEPTED, LedgerOutcome.SUPERSEDED, LedgerOutcome.WITHHELD)
OPEN = (LedgerOutcome.RESERVED, LedgerOutcome.RETRY)


RELEASED_AT = "released_at"
"""What a row's facts hold once a person let it be sent again: when that was."""

NOT_TAKEN = "attempts_not_taken"
"""What a row's facts hold once a person said that it was not taken: after how many attempts that was."""


class Cause(StrEnum):
    """Why an action is taken."""

    ENTERED = "entered the audience"
    CHANGED = "a sent value changed"
    UNCONFIRMED = "it is not known what the destination holds"
    LEFT = "left the audience"
    REFUSED = "may no longer be sent"
    TRIGGERED = "a campaign's occasion"
    KNOWN = "the destination holds it already"


@dataclass(frozen=True)
class Member:
    """A customer in the audience.

    Attributes:
        customer_id: The customer.
        payload: The fields to send, JSON-ready.
        refusal: Why nothing about them may be sent; None when it may.
        model_run_id: The model run that the values come from.
    """

    customer_id: str
    payload: dict[str, Any] = field(repr=False)
    refusal: str | None = None
    model_run_id: str | None = None


@dataclass(frozen=True)
class LedgerEntry:
    """A row of the ledger, as far as planning needs it."""

    delivery_id: int
    customer_id: str
    operation: Operation
    action_key: str
    payload_hash: str
    outcome: LedgerOutcome
    reason: str | None = None
    attempt_count: int = 0
    retry_at: datetime | None = None


@dataclass(frozen=True)
class Occasion:
    """What makes an occurrence of a campaign that one: with the campaign and the customer, it happens once.

    Attributes:
        arm: The customer's arm.
        step: Which of the campaign's messages.
        period: What it is about, such as the day that a segment was entered.
    """

    arm: str
    step: str
    period: str


@dataclass(frozen=True)
class LedgerMemory:
    """What the ledger remembers of one audience at one destination.

    Attributes:
        entries: Per customer the last accepted entry and every later one; every one that is still open; and the
            refusals since they were last sent.
        sequences: Per customer, how many of their actions are closed.
        position: The highest `delivery_id` of the audience at the destination; 0 for none.
        as_of_date: The latest day that an action was planned for.
    """

    entries: Mapping[str, Sequence[LedgerEntry]] = field(default_factory=dict)
    sequences: Mapping[str, int] = field(default_factory=dict)
    position: int = 0
    as_of_date: date | None = None


@dataclass(frozen=True)
class Target:
    """The audience or the campaign, and the destination, that a plan is about.

    Attributes:
        audience: What is kept in step; None for a campaign.
        is_idempotent: Whether the destination takes the same action key once, however often it is sent.
        consent: The consent that is checked again just before sending.
        personal_fields: The payload's fields, by the destination's names, that can identify a person.
        campaign: What happens once; None for an audience.
        campaign_version: Kept beside what is reserved from now on.
        has_shared_accounts: Whether what is taken back under one id of a person is taken off their other ids as well.
    """

    merchant_id: str
    destination: str
    audience: str | None
    is_idempotent: bool
    consent: str | None = None
    personal_fields: tuple[str, ...] = ()
    campaign: str | None = None
    campaign_version: str | None = None
    has_shared_accounts: bool = False

    def __post_init__(self) -> None:
        if (self.audience is None) is (self.campaign is None):
            raise ValueError("a target is either an audience or a campaign")

    @property
    def name(self) -> str:
        """The audience's or the campaign's name."""
        return str(self.audience if self.campaign is None else self.campaign)

    @property
    def in_words(self) -> str:
        """What it is about, for messages."""
        kind = "audience" if self.campaign is None else "campaign"
        return f"{kind} '{self.name}' at destination '{self.destination}'"


@dataclass(frozen=True)
class Action:
    """One message to send.

    Attributes:
        action_key: Deterministic; equal for equal actions, and different for the same change made again later.
        payload: What is sent; empty, with an empty hash, for what is rendered just before it is sent.
        attempt_count: Attempts so far, for an action that an earlier run left open.
        retry_at: The earliest time that the destination, or a gate, asked for.
        occasion: What makes it happen once; None for what keeps an audience in step.
        facts: What the ledger keeps beside it; never payload values.
    """

    action_key: str
    customer_id: str
    operation: Operation
    payload: dict[str, Any] = field(repr=False)
    payload_hash: str
    sequence: int
    cause: Cause
    model_run_id: str | None = None
    attempt_count: int = 0
    retry_at: datetime | None = None
    occasion: Occasion | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_rendered(self) -> bool:
        """Whether it holds what is to be sent."""
        return bool(self.payload_hash)


@dataclass(frozen=True)
class Withholding:
    """A refusal to be recorded, once."""

    action_key: str
    customer_id: str
    reason: str
    payload_hash: str
    sequence: int


@dataclass(frozen=True)
class Plan:
    """What to do, and what was left alone.

    Attributes:
        target: The audience or the campaign, and the destination.
        position: The ledger's position that the plan was made from.
        actions: What to send.
        withholdings: Refusals that the ledger does not hold yet.
        superseded: Open entries that are no longer wanted, by `delivery_id`.
        presumed_sent: Entries whose sender died while sending to a destination that would take them twice.
        blocked: Customers who wait until a person has resolved a `maybe_sent` entry.
        dead: Customers whose action was tried in vain in too many runs, and waits until a person replays it.
        unchanged_count: Customers of whom the destination already knows what is to be known.
        refused_count: Members of whom nothing may be sent.
        standing_rejection_count: Customers whose action the destination has rejected and would reject again.
        untriggered_count: Occurrences from before the campaign was active, which message no one.
        held_count: Customers whom the destination holds on our account, or may, before the plan.
    """

    target: Target
    position: int
    actions: tuple[Action, ...] = ()
    withholdings: tuple[Withholding, ...] = ()
    superseded: tuple[int, ...] = ()
    presumed_sent: tuple[int, ...] = ()
    blocked: tuple[str, ...] = ()
    dead: tuple[str, ...] = ()
    unchanged_count: int = 0
    refused_count: int = 0
    standing_rejection_count: int = 0
    untriggered_count: int = 0
    held_count: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether carrying it out would change neither the destination nor the ledger."""
        return not (self.actions or self.withholdings or self.superseded or self.presumed_sent)

    @property
    def digest(self) -> str:
        """The plan's name: equal for plans that would do and write the same, whoever makes them and when."""
        target = self.target
        what = [target.merchant_id, target.destination, target.audience, target.campaign]
        actions = sorted([action.action_key, action.operation.value, action.payload_hash] for action in self.actions)
        withholdings = sorted(withholding.action_key for withholding in self.withholdings)
        return digest([what, actions, withholdings, list(self.superseded), list(self.presumed_sent)])

    def count(self, operation: Operation) -> int:
        """How many actions of a kind it holds."""
        return sum(action.operation is operation for action in self.actions)


def action_key(target: Target, customer_id: str, operation: str, payload_hash: str, sequence: int) -> str:
    """The name of an action: a digest of what it does to whom, and of how often that customer was acted on before.

    The sequence tells A, then B, then A again (three actions) from A sent twice (one).
    """
    return digest(
        [target.merchant_id, target.destination, target.audience, customer_id, operation, payload_hash, sequence]
    )
