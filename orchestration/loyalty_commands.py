"""`perennial loyalty`: what customers have, corrections by hand, and the proof that balances follow from facts."""

import csv
import secrets
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import typer

from activation.loyalty.adjusting import adjust, history_of, note_birthdays, require_posted
from activation.loyalty.ledger import Ledger, accept_rules, balance_of, note_proof, prove
from models.errors import MisconfiguredError, StopError
from models.identity import find_customer
from orchestration.deployment import Deployment, open_deployment
from orchestration.loyalty_stage import ledger_of
from orchestration.settings import Settings
from orchestration.stored_forecasts import merchant_named

_SHOWN_DIFFERENCES = 20


def show_balance(settings: Settings, customer: str, merchant: str | None, *, history: int) -> None:
    """Print a customer's accounts and their last postings.

    Raises:
        MisconfiguredError: The merchant declares no programme.
        StopError: There is no such customer.
    """
    with open_deployment(settings) as deployment, deployment.transformer.connect() as connection:
        ledger = _ledger(deployment, merchant)
        require_posted(connection, ledger)
        customer_id = find_customer(connection, ledger.merchant_id, customer).customer_id
        accounts = balance_of(connection, ledger, customer_id)
        rows = history_of(connection, ledger, customer_id, limit=history)
    value = ledger.programme.point_value_amount * accounts["available"]
    typer.echo(f"customer {customer_id}: {accounts['available']:,} points, worth {value:,.2f} {ledger.currency_code}")
    typer.echo(
        f"  {accounts['pending']:,} pending, {accounts['held']:,} held for rewards, {accounts['spent']:,} spent, "
        f"{accounts['expired']:,} expired"
    )
    for row in rows:
        why = ", ".join(part for part in (row.reason, row.actor and f"by {row.actor}") if part)
        typer.echo(
            f"  {row.effective_at.astimezone(ledger.zone):%Y-%m-%d} {row.points:>8,} {row.debit_account} → "
            f"{row.credit_account}: {row.source_kind} {row.source_id}" + (f" ({why})" if why else "")
        )


def adjust_points(
    settings: Settings,
    customer: str,
    points: int,
    merchant: str | None,
    *,
    reason: str,
    actor: str,
    reference: str | None,
) -> None:
    """Post an adjustment.

    Raises:
        MisconfiguredError: No points, reason or actor are given, or the merchant declares no programme.
        StopError: There is no such customer, or no night has posted the programme.
    """
    for key, value in (("POINTS", points), ("--reason", reason.strip()), ("--actor", actor.strip())):
        if not value:
            raise MisconfiguredError(key, "must not be empty" if value == "" else "must not be 0")
    with open_deployment(settings) as deployment, deployment.transformer.begin() as connection:
        ledger = _ledger(deployment, merchant)
        customer_id = find_customer(connection, ledger.merchant_id, customer).customer_id
        was_moved = adjust(
            connection,
            ledger,
            customer_id=customer_id,
            points=points,
            reason=reason.strip(),
            actor=actor.strip(),
            reference=reference or secrets.token_hex(8),
        )
        available = balance_of(connection, ledger, customer_id)["available"]
    done = f"{points:+,} points" if was_moved else "nothing; the same adjustment was made before"
    typer.echo(f"customer {customer_id}: {done}; {available:,} can be spent")


def keep_birthdays(settings: Settings, file: Path, merchant: str | None) -> None:
    """Keep the birthdays of a file.

    Raises:
        MisconfiguredError: The file cannot be read, or a row of it.
    """
    known: dict[str, tuple[int, int]] = {}
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            for number, row in enumerate(csv.DictReader(lines), start=2):
                try:
                    day = date.fromisoformat(row["birthday"].strip())
                    known[row["customer_id"].strip()] = (day.month, day.day)
                except (KeyError, ValueError, AttributeError):
                    needed = "needs customer_id and birthday, as YYYY-MM-DD"
                    raise MisconfiguredError(f"{file.name}, line {number}", needed) from None
    except (OSError, UnicodeDecodeError) as error:
        raise MisconfiguredError("FILE", f"{file} cannot be read: {error}") from None
    with open_deployment(settings) as deployment, deployment.transformer.begin() as connection:
        found = merchant_named(deployment, merchant)
        today = deployment.clock().astimezone(ZoneInfo(found.time_zone)).date()
        changed, unknown = note_birthdays(connection, found.merchant_id, known, recorded_date=today)
    typer.echo(f"{changed:,} of {len(known):,} birthdays are new or were changed")
    if unknown:
        named = ", ".join(unknown[:_SHOWN_DIFFERENCES]) + (" …" if len(unknown) > _SHOWN_DIFFERENCES else "")
        typer.echo(f"  {len(unknown):,} are of ids that no customer has, and were left out: {named}")


def prove_balances(settings: Settings, merchant: str | None) -> int:
    """Print whether every balance follows from facts; returns the exit code."""
    with open_deployment(settings) as deployment:
        ledger = _ledger(deployment, merchant)
        engine = deployment.transformer
        with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection, connection.begin():
            proof = prove(connection, ledger)
        if proof.as_of_date is None:
            raise StopError(f"no night has posted the programme '{ledger.programme.name}' yet: perennial run")
        if proof.holds:
            with engine.begin() as connection:
                note_proof(connection, ledger)
    about = f"{proof.customer_count:,} balances and {proof.posting_count:,} postings up to {proof.as_of_date}"
    typer.echo(f"{about}: {'proven' if proof.holds else f'{len(proof.differences):,} differences'}")
    for line in proof.differences[:_SHOWN_DIFFERENCES]:
        typer.echo(f"  {line}")
    return 0 if proof.holds else 1


def revalue_points(settings: Settings, merchant: str | None) -> None:
    """Accept the rules as they are declared."""
    with open_deployment(settings) as deployment, deployment.transformer.begin() as connection:
        ledger = _ledger(deployment, merchant)
        was_posted = accept_rules(connection, ledger)
    done = "the next run posts what differs" if was_posted else "nothing was posted yet; there is nothing to revalue"
    typer.echo(f"programme {ledger.programme.name}: {done}")


def _ledger(deployment: Deployment, merchant: str | None) -> Ledger:
    found = merchant_named(deployment, merchant)
    return ledger_of(deployment, found, run_id="command", recorded_at=deployment.clock())
