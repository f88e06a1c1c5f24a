"""`perennial suppress`: who is not to be written to, by hand and from what the mail providers tell."""

from pathlib import Path

import sqlalchemy as sa
import typer

from activation.consent import is_email_address
from activation.gates.suppressions import REASONS, Entry, address_hash, lift, suppress
from models.campaigns import suppressions
from models.errors import MisconfiguredError
from orchestration.deployment import open_deployment
from orchestration.settings import Settings
from orchestration.stored_forecasts import merchant_named
from orchestration.suppression_lists import pull_merchant

_SHOWN_DIGITS = 12


def add_to_list(
    settings: Settings,
    merchant: str | None,
    address: str | None,
    customer: str | None,
    file: Path | None,
    *,
    reason: str,
    evidence: str | None,
) -> None:
    """Add an address, a customer or a file of addresses.

    Raises:
        MisconfiguredError: It is not said who, or an address or the reason cannot be one.
    """
    if sum(value is not None for value in (address, customer, file)) != 1:
        raise MisconfiguredError("--address", "say who: --address, --customer or --file, and one of them")
    if reason not in REASONS:
        raise MisconfiguredError("--reason", f"{reason!r}; use one of {', '.join(REASONS)}")
    addresses = [address] if address is not None else _lines(file) if file is not None else []
    for number, one in enumerate(addresses, start=1):
        if not is_email_address(one.strip()):
            where = "--address" if file is None else f"--file, line {number}"
            raise MisconfiguredError(where, "is not an email address")
    if evidence is not None and "@" in evidence:
        raise MisconfiguredError("--evidence", "holds an address, and is kept as it is written; leave it out")
    with open_deployment(settings) as deployment:
        found = merchant_named(deployment, merchant)
        now = deployment.clock()
        entries = [
            Entry(reason, now, address_hash=address_hash(one), evidence=evidence or "by hand") for one in addresses
        ]
        if customer is not None:
            entries.append(Entry(reason, now, customer_id=customer, evidence=evidence or "by hand"))
        with deployment.transformer.begin() as connection:
            added = suppress(connection, found.merchant_id, entries)
    typer.echo(f"{added} added, {len(entries) - added} stood on the list of {found.merchant_id} already")


def _lines(file: Path) -> list[str]:
    try:
        return [line for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise MisconfiguredError("--file", f"{file} cannot be read: {error}") from None


def print_list(settings: Settings, merchant: str | None, *, includes_lifted: bool) -> None:
    """Print the list; addresses as their digests."""
    table = suppressions
    with open_deployment(settings) as deployment:
        found = merchant_named(deployment, merchant)
        asked = sa.select(table).where(table.c.merchant_id == found.merchant_id).order_by(table.c.suppression_id)
        if not includes_lifted:
            asked = asked.where(table.c.lifted_at.is_(None))
        with deployment.transformer.connect() as connection:
            entries = connection.execute(asked).all()
    for entry in entries:
        who = entry.customer_id or f"address {entry.address_hash[:_SHOWN_DIGITS]}…"
        line = f"{entry.suppressed_at:%Y-%m-%d %H:%M} {entry.channel} {who}: {entry.reason}, {entry.evidence}"
        if entry.lifted_at is not None:
            line += f"; lifted {entry.lifted_at:%Y-%m-%d %H:%M}: {entry.lifted_because}"
        typer.echo(line)
    typer.echo(f"{len(entries)} entries of merchant {found.merchant_id}")


def take_off_list(
    settings: Settings, merchant: str | None, address: str | None, customer: str | None, *, because: str
) -> None:
    """Lift what stands of an address or a customer.

    Raises:
        MisconfiguredError: It is not said who, or they are not on the list.
    """
    if (address is None) is (customer is None):
        raise MisconfiguredError("--address", "say who: --address or --customer, and one of them")
    with open_deployment(settings) as deployment:
        found = merchant_named(deployment, merchant)
        with deployment.transformer.begin() as connection:
            lifted = lift(
                connection,
                found.merchant_id,
                lifted_at=deployment.clock(),
                because=because,
                address=address,
                customer_id=customer,
            )
    if not lifted:
        raise MisconfiguredError("--address" if customer is None else "--customer", "does not stand on the list")
    typer.echo(f"{lifted} lifted")


def pull_lists(settings: Settings, merchant: str | None, *, days: int) -> None:
    """Read each mail provider's own list, and say what was new; what the others told is kept when one fails.

    Raises:
        RetryLaterError: A provider did not answer.
        MisconfiguredError: A provider does not let its list be read.
    """
    with open_deployment(settings) as deployment:
        found = merchant_named(deployment, merchant)
        lists = pull_merchant(deployment, found, days=days)
    for name, added in lists.added.items():
        typer.echo(f"{found.merchant_id}: {added} new from {name}")
    if lists.errors:
        raise lists.errors[0]
