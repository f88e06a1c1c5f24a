"""`perennial deliveries`: what the ledger leaves to a person, and what that person decides."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
import typer

from activation.actions import LedgerOutcome
from activation.loyalty.redemptions import PROGRAMMES
from activation.resolutions import (
    release_rejected,
    replay_dead,
    resolve_maybe_sent,
    waiting_campaigns,
    waiting_for_a_person,
)
from models.ops import merchants
from orchestration.configuration import Merchant
from orchestration.deployment import open_deployment
from orchestration.settings import Settings
from orchestration.stored_forecasts import merchant_named

_FOR_A_PERSON = (LedgerOutcome.DEAD, LedgerOutcome.MAYBE_SENT, LedgerOutcome.REJECTED)


def show_deliveries(
    settings: Settings,
    merchant: str | None,
    destination: str | None,
    outcomes: Sequence[LedgerOutcome],
    *,
    limit: int,
) -> None:
    """Print deliveries by number, with what they are about and why they wait; nothing personal.

    Raises:
        MisconfiguredError: No such merchant is declared.
    """
    with open_deployment(settings) as deployment:
        declared = deployment.configuration
        found = [declared.merchant(merchant)] if merchant is not None else declared.merchants
        with deployment.transformer.connect() as connection:
            rows = waiting_for_a_person(
                connection,
                [one.merchant_id for one in found],
                outcomes=outcomes or _FOR_A_PERSON,
                destination=destination,
                limit=limit,
            )
    for row in rows:
        occasion = f" {row.arm}/{row.step}/{row.period}" if row.campaign else ""
        reason = f": {row.reason}" if row.reason else ""
        typer.echo(
            f"{row.delivery_id} {row.merchant_id} {row.outcome} {row.operation} {row.customer_id} "
            f"{row.campaign or row.audience}{occasion} → {row.destination}, {row.attempt_count} attempts{reason}"
        )
    if not rows:
        typer.echo("nothing waits for a person" if not outcomes else "there are none")


def replay_deliveries(
    settings: Settings,
    merchant: str | None,
    destination: str | None,
    delivery_ids: Collection[int],
    *,
    with_rejected: bool,
) -> None:
    """Let dead deliveries be tried again, and rejected ones if that is asked; a campaign's only while it sends.

    Raises:
        MisconfiguredError: It is not said which merchant is meant.
    """
    with open_deployment(settings) as deployment:
        declared, now = merchant_named(deployment, merchant), deployment.clock()
        asked: dict[str, Any] = {
            "merchant_id": declared.merchant_id,
            "destination": destination,
            "delivery_ids": delivery_ids,
        }
        released = (LedgerOutcome.DEAD, *([LedgerOutcome.REJECTED] if with_rejected else []))
        with deployment.transformer.begin() as connection:
            sending = _sending_campaigns(connection, declared, now.date())
            waiting = waiting_campaigns(connection, outcomes=released, **asked)
            resting = {n: count for n, count in waiting.items() if n not in sending and not n.startswith(PROGRAMMES)}
            count = replay_dead(connection, released_at=now, besides=resting, **asked)
            if with_rejected:
                count += release_rejected(connection, released_at=now, besides=resting, **asked)
    typer.echo(f"{count:,} deliveries are tried again by the next run, with what is so by then")
    for name, kept in resting.items():
        typer.echo(f"{kept:,} stay as they are: campaign {name} is paused, over, yet to begin or not declared any more")


def _sending_campaigns(connection: sa.Connection, merchant: Merchant, today: date) -> set[str]:
    """The merchant's campaigns that send on the day that the tables describe."""
    stored = sa.select(merchants.c.as_of_date).where(merchants.c.merchant_id == merchant.merchant_id)
    day = connection.scalar(stored) or today
    return {campaign.name for campaign in merchant.campaigns if campaign.is_active(day)}


def resolve_delivery(settings: Settings, merchant: str | None, delivery_id: int, *, was_taken: bool) -> None:
    """Record whether a delivery that may have been sent was.

    Raises:
        MisconfiguredError: It is not said which merchant is meant.
        StopError: The merchant has no such delivery that waits.
    """
    with open_deployment(settings) as deployment:
        merchant_id = merchant_named(deployment, merchant).merchant_id
        with deployment.transformer.begin() as connection:
            resolve_maybe_sent(
                connection,
                merchant_id=merchant_id,
                delivery_id=delivery_id,
                was_taken=was_taken,
                resolved_at=deployment.clock(),
            )
    typer.echo(f"delivery {delivery_id} {'was taken' if was_taken else 'is sent by the next run'}")
