"""A campaign that a test can run over a shop: what it wants to happen, and what the gates and the page say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from activated_shop import ScriptedDestination, Shop

from activation.actions import Action, Occasion, Target
from activation.delivery import DeliveryReport
from activation.gates.gate import ALLOWED, Answer, Gate, Refused
from activation.occurrences.planning import Occurrence
from activation.occurrences.sending import send_occurrences
from connectors.destination import Delivery, DeliveryResult, Destination, Outcome

ACTIVE_SINCE = datetime(2026, 1, 1, tzinfo=UTC)
TARGET = Target("cdnow", "mail", None, is_idempotent=False, campaign="win_back", campaign_version="v1")


def occurrence(
    customer_id: str, period: str = "2026-01-04", *, at: datetime = datetime(2026, 1, 4, tzinfo=UTC), **facts: Any
) -> Occurrence:
    return Occurrence(customer_id, Occasion("treated", "first", period), at, model_run_id="run-1", facts=facts)


@dataclass
class Answers:
    """A gate that allows whoever it has no answer for."""

    by_customer: dict[str, Answer] = field(default_factory=dict)

    def answers(
        self, _connection: sa.Connection, _target: Target, actions: Sequence[Action], *, asked_at: datetime
    ) -> Mapping[str, Answer]:
        assert asked_at.tzinfo is not None
        return {action.action_key: self.by_customer.get(action.customer_id, ALLOWED) for action in actions}


@dataclass
class Page:
    """Renders a message from what a test says is so at the moment."""

    subject: str = "We miss you"
    refused: dict[str, str] = field(default_factory=dict)

    def __call__(
        self, connection: sa.Connection, actions: Sequence[Action], *, rendered_at: datetime
    ) -> Mapping[str, dict[str, Any] | Refused]:
        assert connection.in_transaction()
        assert rendered_at.tzinfo is not None
        return {
            action.action_key: Refused(self.refused[action.customer_id])
            if action.customer_id in self.refused
            else {"to": f"{action.customer_id}@shop.example", "subject": self.subject}
            for action in actions
        }


@dataclass
class ReadableDestination(ScriptedDestination):
    """Tells afterwards what it took, as the test says; takes an action key as often as it comes."""

    name: str = "mail"
    is_idempotent: bool = False
    tells: dict[str, Outcome] = field(default_factory=dict)
    asked: list[Delivery] = field(default_factory=list)

    def read_back(self, deliveries: Sequence[Delivery], *, asked_at: datetime) -> list[DeliveryResult]:
        assert asked_at.tzinfo is not None
        self.asked += deliveries
        return [
            DeliveryResult(d.action_key, self.tells[d.customer_id], provider_reference="found")
            for d in deliveries
            if d.customer_id in self.tells
        ]


def send(
    shop: Shop,
    destination: Destination,
    *wanted: Occurrence,
    gates: Sequence[Gate] = (),
    page: Page | None = None,
    run_id: str | None = None,
    version: str = "v1",
) -> DeliveryReport:
    target = replace(
        TARGET,
        merchant_id=shop.merchant_id,
        destination=destination.name,
        is_idempotent=destination.is_idempotent,
        campaign_version=version,
    )
    return send_occurrences(
        shop.engine,
        target=target,
        wanted=wanted,
        destination=destination,
        active_since=ACTIVE_SINCE,
        render=page or Page(),
        gates=gates,
        run_id=run_id or shop.next_run(),
        pace=shop.time.pace,
    )
