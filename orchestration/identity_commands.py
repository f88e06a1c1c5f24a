"""`perennial identity`: what a customer is made of and why, and decisions by hand that the next run follows."""

from datetime import UTC, datetime

import typer

from models import identity
from models.errors import StopError
from orchestration.deployment import Deployment, open_deployment
from orchestration.settings import Settings
from orchestration.stored_forecasts import merchant_named

_NEXT = "the next run follows it"


def show(settings: Settings, customer: str, merchant: str | None) -> None:
    """Print a customer's records, the evidence of every link, the keys that link nobody, and decisions.

    Raises:
        MisconfiguredError: It is not said which merchant is meant.
        StopError: There is no such customer or record.
    """
    with open_deployment(settings) as deployment:
        found = _find(deployment, merchant_named(deployment, merchant).merchant_id, customer)
    asked = "" if found.customer_id == customer else f" ({customer} is one of its records)"
    typer.echo(f"customer {found.customer_id}{asked}")
    typer.echo("records")
    for record in found.records:
        before = f", before: {', '.join(record.previous_customer_ids)}" if record.previous_customer_ids else ""
        gone = "" if record.is_present else ", no longer in its source"
        typer.echo(f"  {record.record_id}  since {record.since_date}{before}{gone}")
    typer.echo("links" if found.links else "links: none, it is one record")
    for link in found.links:
        seen = f", first seen {link['first_seen_at']:%Y-%m-%d}" if link["first_seen_at"] else ""
        decision = f" (decision {link['decision_number']})" if link["decision_id"] else f" ({link['key_hash'][:12]}…)"
        typer.echo(f"  {link['record_id']} and {link['linked_record_id']}: {link['evidence']}{decision}{seen}")
    if found.left_out:
        typer.echo("keys that link nobody")
    for key in found.left_out:
        typer.echo(f"  {key['record_id']}: {key['key_kind']} {key['key_hash'][:12]}…, {key['left_out_reason']}")
    if found.decisions:
        typer.echo("decisions by hand")
    for made in found.decisions:
        typer.echo(
            f"  {made['decision_id']}: {made['decision']} {', '.join(made['record_ids'])} "
            f"by {made['actor']} on {made['decided_at']:%Y-%m-%d}: {made['reason']}"
        )


def join(settings: Settings, customers: list[str], merchant: str | None, *, actor: str, reason: str) -> None:
    """Decide that customers, or records, are one person.

    Raises:
        StopError: There are fewer than two, or one does not exist.
    """
    with open_deployment(settings) as deployment:
        merchant_id = merchant_named(deployment, merchant).merchant_id
        found = {customer: _find(deployment, merchant_id, customer) for customer in customers}
        if len({resolved.customer_id for resolved in found.values()}) < 2:
            raise StopError("these are one customer already; name two that are to become one")
        decision_id = _decide(deployment, merchant_id, "join", list(found), [], actor, reason)
    typer.echo(f"decision {decision_id}: {' and '.join(customers)} are one person; {_NEXT}")


def separate(settings: Settings, records: list[str], merchant: str | None, *, actor: str, reason: str) -> None:
    """Decide that records are not the person of their customer's other records.

    Raises:
        StopError: A record does not exist, they are of several customers, or no other record would be left.
    """
    with open_deployment(settings) as deployment:
        merchant_id = merchant_named(deployment, merchant).merchant_id
        found = [_find(deployment, merchant_id, record) for record in records]
        if len({resolved.customer_id for resolved in found}) > 1:
            raise StopError("these are records of several customers; separate those of one at a time")
        others = [r.record_id for r in found[0].records if r.record_id not in records]
        if not others:
            raise StopError(f"customer {found[0].customer_id} has no other record to separate these from")
        decision_id = _decide(deployment, merchant_id, "separate", records, others, actor, reason)
    typer.echo(f"decision {decision_id}: {', '.join(records)} parted from {', '.join(others)}; {_NEXT}")


def undo(settings: Settings, decision_id: int, merchant: str | None, *, actor: str, reason: str) -> None:
    """Decide that an earlier decision no longer stands.

    Raises:
        StopError: There is no such decision, or it was undone before.
    """
    with open_deployment(settings) as deployment:
        merchant_id = merchant_named(deployment, merchant).merchant_id
        with deployment.loader.begin() as connection:
            identity.undo(
                connection,
                merchant_id=merchant_id,
                decision_id=decision_id,
                actor=actor,
                reason=reason,
                decided_at=datetime.now(UTC),
            )
    typer.echo(f"decision {decision_id} no longer stands; {_NEXT}")


def _find(deployment: Deployment, merchant_id: str, customer: str) -> identity.Resolved:
    with deployment.transformer.connect() as connection:
        return identity.find_customer(connection, merchant_id, customer)


def _decide(
    deployment: Deployment,
    merchant_id: str,
    decision: str,
    records: list[str],
    others: list[str],
    actor: str,
    reason: str,
) -> int:
    with deployment.loader.begin() as connection:
        return identity.decide(
            connection,
            merchant_id=merchant_id,
            decision=decision,
            record_ids=records,
            other_record_ids=others,
            actor=actor,
            reason=reason,
            decided_at=datetime.now(UTC),
        )
